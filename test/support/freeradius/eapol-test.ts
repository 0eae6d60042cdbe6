// Authenticates a device by EAP-TLS, EAP-TTLS or PEAP with eapol_test, which plays both the device and its access
// point.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DeviceCertificateOptions, IssuedCertificate, TestAuthority } from './certificates.ts';
import type { RadiusServer } from './radclient.ts';
import { NO_REPLY, type RadiusReply, readReplyPacket } from './radius-reply.ts';
import { runProgram } from './run-program.ts';

const EAPOL_TEST = '/usr/bin/eapol_test';

/** Where the server sees the access point's packets come from; radclient's come from 127.0.0.1. */
export const ACCESS_POINT = '127.0.0.2';

/** What eapol_test needs to know of the server; a running server of `startFreeRadius` is one. */
export interface EapServer extends RadiusServer {
  /** Issues the certificates of the devices. */
  readonly deviceAuthority: TestAuthority;
  /** Has issued the server's own certificate. */
  readonly radiusCaFile: string;
}

/** What the device and its access point say whatever the method is. */
export interface EapAuthentication {
  /** The device's MAC address, 02:00:00:00:00:01 by default. */
  readonly mac?: string;
  /** Attributes the access point adds, by attribute number: a text, or a number. */
  readonly nasAttributes?: Readonly<Record<number, string | number>>;
  /** How often the same device authenticates again afterwards, with a TLS session to resume; never by default. */
  readonly reauthentications?: number;
  readonly timeoutSeconds?: number;
}

export interface CertificateAuthentication extends EapAuthentication, Partial<DeviceCertificateOptions> {
  /** Short for a certificate whose only URI is the one Intune puts the device id into. */
  readonly guid?: string;
  /** A certificate issued before, in place of a new one made of the names above. */
  readonly certificate?: IssuedCertificate;
  /** The EAP identity, which becomes User-Name; `host/device` by default. */
  readonly identity?: string | Buffer;
}

export type TunnelMethod = 'TTLS/PAP' | 'TTLS/MSCHAPV2' | 'TTLS/EAP-MSCHAPV2' | 'PEAP/MSCHAPV2' | 'PEAP/GTC';

export interface PasswordAuthentication extends EapAuthentication {
  readonly method: TunnelMethod;
  /** Said inside of the tunnel. */
  readonly user: string;
  readonly password: string;
  /** Said outside of it, which becomes User-Name; `anonymous` by default. */
  readonly outerIdentity?: string | Buffer;
}

export interface EapReply extends RadiusReply {
  /** The device learned that it is in: EAP-Success and matching keys. */
  readonly success: boolean;
}

/** The URI name under which Intune writes the device id into a certificate. */
export function intuneDeviceUri(guid: string): string {
  return `IntuneDeviceId://${guid}`;
}

/** Runs a whole EAP-TLS conversation, or several one after the other, and returns the server's final reply. */
export async function authenticateWithCertificate(
  server: EapServer,
  options: CertificateAuthentication,
): Promise<EapReply> {
  const certificate = options.certificate ?? (await issueFor(server, options));
  return converse(server, options, (file) => [
    'eap=TLS',
    `identity=${hex(options.identity ?? 'host/device')}`,
    `client_cert="${file('device.pem', certificate.chainPem)}"`,
    `private_key="${file('device.key', certificate.privateKeyPem)}"`,
  ]);
}

/** Runs a whole EAP-TTLS or PEAP conversation, or several one after the other, and returns the server's final reply. */
export function authenticateWithPassword(server: EapServer, options: PasswordAuthentication): Promise<EapReply> {
  const [outer = '', inner = ''] = options.method.split('/');
  const phase2 = inner.startsWith('EAP-') ? `autheap=${inner.slice('EAP-'.length)}` : `auth=${inner}`;
  return converse(server, options, () => [
    `eap=${outer}`,
    `identity=${hex(options.user)}`,
    `anonymous_identity=${hex(options.outerIdentity ?? 'anonymous')}`,
    `password="${options.password}"`,
    `phase2="${phase2}"`,
  ]);
}

async function converse(
  server: EapServer,
  options: EapAuthentication,
  method: (file: (name: string, content: string) => string) => readonly string[],
): Promise<EapReply> {
  const seconds = options.timeoutSeconds ?? 10;
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-eapol-test-'));
  const relay = await startRelay(server.authPort);
  try {
    const file = (name: string, content: string) => {
      writeFileSync(path.join(folder, name), content, { mode: 0o600 });
      return path.join(folder, name);
    };
    const configuration = [
      'network={',
      'key_mgmt=WPA-EAP',
      ...method(file),
      `ca_cert="${server.radiusCaFile}"`,
      'fragment_size=1200',
      '}',
    ];
    const { output } = await runProgram(
      EAPOL_TEST,
      [
        ...['-c', file('eapol-test.conf', `${configuration.join('\n')}\n`)],
        ...['-a', '127.0.0.1', '-p', String(relay.port), '-s', server.secret],
        ...['-M', options.mac ?? '02:00:00:00:00:01', '-t', String(seconds)],
        ...['-r', String(options.reauthentications ?? 0)],
        ...Object.entries(options.nasAttributes ?? {}).flatMap(([number, value]) => [
          '-N',
          nasAttribute(number, value),
        ]),
      ],
      { deadline: (seconds + 10) * 1000 },
    );
    const success = /^SUCCESS$/m.test(output);
    if (!success && !/^FAILURE$/m.test(output)) throw new Error(`eapol_test did not say what happened:\n${output}`);
    return { success, ...(relay.lastReply() ?? NO_REPLY) };
  } finally {
    await relay.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function hex(text: string | Buffer): string {
  return (Buffer.isBuffer(text) ? text : Buffer.from(text, 'utf8')).toString('hex');
}

function issueFor(server: EapServer, options: CertificateAuthentication): Promise<IssuedCertificate> {
  const { guid, commonName = 'device', sanUris, sanDns, sanEmails, sanUpns } = options;
  return server.deviceAuthority.issueDeviceCertificate({
    commonName,
    sanUris: sanUris ?? (guid === undefined ? [] : [intuneDeviceUri(guid)]),
    sanDns: sanDns ?? [],
    sanEmails: sanEmails ?? [],
    sanUpns: sanUpns ?? [],
  });
}

function nasAttribute(number: string, value: string | number): string {
  return typeof value === 'number'
    ? `${number}:d:${value}`
    : `${number}:x:0x${Buffer.from(value, 'utf8').toString('hex')}`;
}

interface Relay {
  readonly port: number;
  lastReply(): RadiusReply | undefined;
  stop(): Promise<void>;
}

/** Stands between eapol_test and the server, because eapol_test does not print every attribute it receives. */
async function startRelay(authPort: number): Promise<Relay> {
  const [near, far] = await Promise.all([boundSocket('127.0.0.1'), boundSocket(ACCESS_POINT)]);
  let client: RemoteInfo | undefined;
  let reply: RadiusReply | undefined;
  near.on('message', (packet, from) => {
    client = from;
    far.send(packet, authPort, '127.0.0.1');
  });
  far.on('message', (packet) => {
    reply = readReplyPacket(packet) ?? reply;
    if (client !== undefined) near.send(packet, client.port, client.address);
  });
  return {
    port: near.address().port,
    lastReply: () => reply,
    async stop() {
      const closed = Promise.all([once(near, 'close'), once(far, 'close')]);
      near.close();
      far.close();
      await closed;
    },
  };
}

async function boundSocket(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}
