// Sends Access-Requests and Accounting-Requests with radclient, as a switch would, and reads the reply.

import { addAttribute, NO_REPLY, type RadiusReply } from './radius-reply.ts';
import { runProgram } from './run-program.ts';

const RADCLIENT = '/usr/bin/radclient';

/** Where requests go; a running server of `startFreeRadius` is one. */
export interface RadiusServer {
  readonly authPort: number;
  readonly secret: string;
}

/** Where accounting records go; a running server of `startFreeRadius` is one. */
export interface AccountingServer {
  readonly acctPort: number;
  readonly secret: string;
}

/** Attribute name to value. A text or bytes arrive as they are; a list sends the attribute several times. */
export type RequestAttributes = Readonly<Record<string, string | number | Buffer | readonly (string | Buffer)[]>>;

/** `timeout`: the server has not answered. */
export type AccountingReply = 'Accounting-Response' | 'timeout';

/** Texts outside of plain ASCII can only be given to radclient as bytes, and these only by attribute number. */
const TEXT_ATTRIBUTES: Readonly<Record<string, number | string>> = {
  'User-Name': 1,
  'Cisco-AVPair': '26.9.1',
  'Trapeze-SSID': '26.14525.5',
  'Called-Station-Id': 30,
  'Calling-Station-Id': 31,
  'NAS-Identifier': 32,
  'Acct-Session-Id': 44,
  'Acct-Multi-Session-Id': 50,
  'NAS-Port-Id': 87,
};

/**
 * Sends one request, once, with a Message-Authenticator. Without a reply within the seconds given, the code is
 * `timeout`.
 * @throws Error when the reply does not begin with a Message-Authenticator: every reply of the sample does
 */
export async function sendAccessRequest(
  server: RadiusServer,
  attributes: RequestAttributes,
  timeoutSeconds = 10,
): Promise<RadiusReply> {
  const lines = requestLines({ 'Message-Authenticator': '0x00', ...attributes });
  return readRadclientOutput(await runRadclient('auth', server.authPort, server.secret, lines, timeoutSeconds));
}

/** Sends one request without a Message-Authenticator, as old switches do. Any reply is returned as it is. */
export async function sendUnsignedAccessRequest(
  server: RadiusServer,
  attributes: RequestAttributes,
  timeoutSeconds: number,
): Promise<RadiusReply> {
  const lines = requestLines(attributes);
  return readRadclientOutput(await runRadclient('auth', server.authPort, server.secret, lines, timeoutSeconds));
}

/** Asks by Status-Server (RFC 5997) whether the server is there. */
export async function sendStatusServer(server: RadiusServer): Promise<RadiusReply> {
  const lines = ['Message-Authenticator = 0x00'];
  return readRadclientOutput(await runRadclient('status', server.authPort, server.secret, lines, 10));
}

/** Sends one accounting record, once. Without a reply within the seconds given, the result is `timeout`. */
export async function sendAccounting(
  server: AccountingServer,
  attributes: RequestAttributes,
  timeoutSeconds = 10,
): Promise<AccountingReply> {
  const lines = requestLines(attributes);
  const output = await runRadclient('acct', server.acctPort, server.secret, lines, timeoutSeconds);
  if (/^Received Accounting-Response Id /m.test(output)) return 'Accounting-Response';
  if (output.includes('No reply from server')) return 'timeout';
  throw new Error(`radclient did not say what happened:\n${output}`);
}

/** Sends many requests, so many in a second or at once, and tells how many replies of each kind came. */
export async function sendAccessRequests(
  server: RadiusServer,
  requests: readonly RequestAttributes[],
  {
    timeoutSeconds,
    ...pace
  }: ({ readonly perSecond: number } | { readonly atOnce: number }) & {
    readonly timeoutSeconds: number;
  },
): Promise<Readonly<Record<string, number>>> {
  const { output } = await runProgram(
    RADCLIENT,
    [
      ...['-x', '-r', '1', '-t', String(timeoutSeconds)],
      ...('perSecond' in pace ? ['-n', String(pace.perSecond)] : ['-p', String(pace.atOnce)]),
      ...[`127.0.0.1:${server.authPort}`, 'auth', server.secret],
    ],
    {
      input: requests
        .map((attributes) => `${requestLines({ 'Message-Authenticator': '0x00', ...attributes }).join('\n')}\n\n`)
        .join(''),
      deadline: ('perSecond' in pace ? requests.length / pace.perSecond : 0) * 1000 + (timeoutSeconds + 30) * 1000,
    },
  );
  const counts: Record<string, number> = {};
  for (const [, code = ''] of output.matchAll(/^Received (\S+) Id /gm)) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

/** MAC authentication bypass in the form most switches use: the MAC address as user, password and calling station. */
export function mabRequest(mac: string, more: RequestAttributes = {}): RequestAttributes {
  const digits = mac.toLowerCase().replaceAll(/[^0-9a-f]/g, '');
  return {
    'User-Name': digits,
    'User-Password': digits,
    'Calling-Station-Id': mac,
    'Service-Type': 'Call-Check',
    'NAS-Port-Type': 'Ethernet',
    ...more,
  };
}

async function runRadclient(
  command: 'auth' | 'acct' | 'status',
  port: number,
  secret: string,
  lines: readonly string[],
  timeoutSeconds: number,
): Promise<string> {
  const { output } = await runProgram(
    RADCLIENT,
    ['-x', '-r', '1', '-t', String(timeoutSeconds), `127.0.0.1:${port}`, command, secret],
    { input: `${lines.join('\n')}\n`, deadline: (timeoutSeconds + 10) * 1000 },
  );
  return output;
}

function requestLines(attributes: RequestAttributes): string[] {
  return Object.entries(attributes).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((single) => requestLine(name, single)),
  );
}

function requestLine(name: string, value: string | number | Buffer): string {
  if (Buffer.isBuffer(value)) return bytesLine(name, value);
  if (typeof value === 'number' || /^[A-Za-z0-9.-]+$/.test(value)) return `${name} = ${value}`;
  if (/^[\w .:/@+-]+$/.test(value)) return `${name} = "${value}"`;
  return bytesLine(name, Buffer.from(value, 'utf8'));
}

function bytesLine(name: string, value: Buffer): string {
  const number = TEXT_ATTRIBUTES[name];
  if (number === undefined) throw new Error(`${name} cannot be sent with the value 0x${value.toString('hex')}`);
  return `Attr-${number} = 0x${value.toString('hex')}`;
}

function readRadclientOutput(printed: string): RadiusReply {
  // What radclient expected goes to its other stream, and may fall into the middle of a line.
  const output = printed.replaceAll(/\(\d+\) -?: ?Expected Access-Accept got [^\n]*\n/g, '');
  const received = /^Received (\S+) Id /m.exec(output);
  if (received === null) {
    if (output.includes('No reply from server')) return NO_REPLY;
    throw new Error(`radclient did not say what happened:\n${output}`);
  }
  const code = received[1];
  if (code !== 'Access-Accept' && code !== 'Access-Reject' && code !== 'Access-Challenge') {
    throw new Error(`Unexpected reply:\n${output}`);
  }
  const attributes: Record<string, string> = {};
  let [first, signed] = [true, false];
  for (const line of output.slice(received.index).split('\n').slice(1)) {
    const attribute = /^\t(\S+) = (.*)$/.exec(line);
    if (attribute === null) break;
    const [, name = '', value = ''] = attribute;
    if (name === 'Message-Authenticator' && first) signed = true;
    else addAttribute(attributes, name, value.startsWith('"') ? unquoted(value) : value);
    first = false;
  }
  if (!signed) throw new Error(`The reply does not begin with a Message-Authenticator:\n${output}`);
  return { code, attributes };
}

/** radclient escapes quotes and backslashes, and bytes that cannot be printed in octal. */
function unquoted(value: string): string {
  return value.slice(1, -1).replaceAll(/\\(?:([0-7]{3})|(.))/g, (_, octal: string | undefined, character: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    return { n: '\n', r: '\r', t: '\t' }[character] ?? character;
  });
}
