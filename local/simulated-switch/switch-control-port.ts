// The switch's control port: plain HTTP and JSON on the loopback interface, through which people and tests plug
// stations in and out and have the switch misbehave.

import { type MacAddress, parseMacAddress } from '../../shared/domain/mac-address.ts';
import { BodyTooLargeError, type HttpExchange } from '../intune-tenant/http-exchange.ts';
import type { CoaBehaviour, CoaBehaviours } from './coa-behaviour.ts';
import type { StationSessions } from './station-sessions.ts';
import { SwitchError } from './switch-error.ts';

export interface SwitchControlContext {
  readonly stations: StationSessions;
  readonly behaviours: CoaBehaviours;
  readonly stats: () => unknown;
}

type Fields = Readonly<Record<string, unknown>>;

const OVERVIEW =
  'use POST /connect, POST /disconnect, POST /roam, GET /sessions, POST /behaviour or GET /stats of the simulated switch';
const BEHAVIOUR_HINT =
  'use {"coa":"ack"}, {"coa":"silent"}, {"coa":"double"}, {"coa":"forged"}, {"coa":"late","delayMs":3000} or ' +
  '{"coa":"nak","errorCause":503}; all but the first with "times" if not for good, and with "mac" for one station alone';
const LONGEST_DELAY_MS = 120_000;
const LONGEST_NAME = 253;

/** Answers one request to the control port; refusals are `{code, message}` and say what to do instead. */
export async function answerSwitchControl(exchange: HttpExchange, context: SwitchControlContext): Promise<void> {
  try {
    await operate(exchange, context);
  } catch (error) {
    const { status, code, message } = refusalOf(error);
    exchange.answerJson(status, { code, message });
  }
}

async function operate(exchange: HttpExchange, { stations, behaviours, stats }: SwitchControlContext): Promise<void> {
  switch (`${exchange.method} ${exchange.path}`) {
    case 'POST /connect': {
      const fields = await readFields(exchange, ['mac', 'port', 'deviceId']);
      const port = fields['port'] === undefined ? undefined : readName(fields, 'port', 'Gi1/0/7');
      exchange.answerJson(200, await stations.connect(readMac(fields), port, readDeviceId(fields)));
      return;
    }
    case 'POST /disconnect': {
      const fields = await readFields(exchange, ['mac']);
      exchange.answerJson(200, await stations.disconnect(readMac(fields)));
      return;
    }
    case 'POST /roam': {
      const fields = await readFields(exchange, ['mac', 'nasIdentifier']);
      const nasIdentifier = readName(fields, 'nasIdentifier', 'switch-2');
      exchange.answerJson(200, await stations.roam(readMac(fields), nasIdentifier));
      return;
    }
    case 'GET /sessions':
      exchange.answerJson(200, stations.list());
      return;
    case 'POST /behaviour': {
      const fields = await readFields(exchange, ['coa', 'errorCause', 'delayMs', 'times', 'mac']);
      const behaviour = readBehaviour(fields);
      behaviours.set(behaviour, fields['mac'] === undefined ? undefined : readMac(fields));
      exchange.answerJson(200, behaviour);
      return;
    }
    case 'GET /stats':
      exchange.answerJson(200, stats());
      return;
    default:
      throw new SwitchError(404, 'unknown_operation', `there is no ${exchange.method} ${exchange.path}: ${OVERVIEW}`);
  }
}

function refusalOf(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof SwitchError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof BodyTooLargeError) return { status: 413, code: 'body_too_large', message };
  return { status: 500, code: 'internal_error', message };
}

async function readFields(exchange: HttpExchange, known: readonly string[]): Promise<Fields> {
  const body = await exchange.body();
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SwitchError(400, 'invalid_json', `the body is not a JSON object: send one with ${known.join(', ')}`);
  }
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new SwitchError(400, 'invalid_property', `'${unknown}' is not known here: use ${known.join(', ')}`);
  }
  return { ...value };
}

function readMac({ mac }: Fields): MacAddress {
  const address = typeof mac === 'string' ? parseMacAddress(mac) : undefined;
  if (address !== undefined) return address;
  throw new SwitchError(400, 'invalid_property', 'mac must be a MAC address, such as "A4-BB-6D-01-02-03"');
}

function readDeviceId({ deviceId }: Fields): string | undefined {
  if (deviceId === undefined || (typeof deviceId === 'string' && /^[0-9a-f-]{36}$/i.test(deviceId))) return deviceId;
  throw new SwitchError(400, 'invalid_property', 'deviceId must be the Intune device id that a certificate carries');
}

function readName(fields: Fields, name: string, example: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= LONGEST_NAME) return value;
  throw new SwitchError(
    400,
    'invalid_property',
    `${name} must be a text of 1 to ${LONGEST_NAME} octets, such as "${example}"`,
  );
}

function readBehaviour({ coa, errorCause, delayMs, times }: Fields): CoaBehaviour {
  const lasting = times === undefined ? {} : { times: readNumber('times', times, 1, 1_000_000) };
  if (coa === 'nak' && delayMs === undefined) {
    return { coa, errorCause: readNumber('errorCause', errorCause, 1, 0xffff_ffff), ...lasting };
  }
  if (coa === 'late' && errorCause === undefined) {
    return { coa, delayMs: readNumber('delayMs', delayMs, 1, LONGEST_DELAY_MS), ...lasting };
  }
  if (errorCause === undefined && delayMs === undefined) {
    if (coa === 'silent' || coa === 'double' || coa === 'forged') return { coa, ...lasting };
    if (coa === 'ack' && times === undefined) return { coa };
  }
  throw new SwitchError(400, 'invalid_property', `this is no behaviour: ${BEHAVIOUR_HINT}`);
}

function readNumber(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new SwitchError(400, 'invalid_property', `${name} must be a whole number from ${least}: ${BEHAVIOUR_HINT}`);
}
