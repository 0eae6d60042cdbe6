// The control port of the simulated MDM server: plain HTTP and JSON on the loopback interface, through which people and
// tests change devices, switches and scripts while the server runs.

import { ControlError } from '../intune-tenant/control-error.ts';
import { BodyTooLargeError, type HttpExchange } from '../intune-tenant/http-exchange.ts';
import type { ServedFleet } from './served-fleet.ts';
import { checkedBehaviour, type ServerBehaviour, USUAL_BEHAVIOUR } from './server-behaviour.ts';
import { checkedScript, type ServerScripts } from './server-script.ts';

export interface ControlContext {
  readonly fleet: ServedFleet;
  readonly scripts: ServerScripts;
  behaviour(): ServerBehaviour;
  behave(change: Partial<ServerBehaviour>): void;
  stats(): unknown;
}

interface Call {
  readonly context: ControlContext;
  /** Name or GUID of a device. */
  readonly device: string;
  readonly exchange: HttpExchange;
  body(): Promise<Readonly<Record<string, unknown>>>;
}

type Operation = (call: Call) => unknown;

/** A value is answered as JSON, nothing as 204. */
export const CONTROL_OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /devices': ({ context, exchange }) => {
    const limit = Number(exchange.query.get('limit') ?? '100');
    return { devices: context.fleet.all().slice(0, Number.isInteger(limit) && limit > 0 ? limit : 100) };
  },
  'POST /devices': async ({ context, body }) => context.fleet.enrol(await body()),
  'GET /devices/{device}': ({ context, device }) => context.fleet.get(device),
  'PATCH /devices/{device}': async ({ context, device, body }) => context.fleet.change(device, await body()),
  'DELETE /devices/{device}': ({ context, device }) => context.fleet.remove(device),
  'GET /behaviour': ({ context }) => context.behaviour(),
  'PATCH /behaviour': async ({ context, body }) => {
    context.behave(checkedBehaviour(await body()));
    return context.behaviour();
  },
  'DELETE /behaviour': ({ context }) => context.behave(USUAL_BEHAVIOUR),
  'POST /script': async ({ context, body }) => context.scripts.add(checkedScript(await body())),
  'DELETE /script': ({ context }) => context.scripts.clear(),
  'GET /stats': ({ context }) => context.stats(),
};

/** Answers one request; refusals are `{code, message}` and say what to do instead. */
export async function answerControlRequest(exchange: HttpExchange, context: ControlContext): Promise<void> {
  try {
    const { operation, device } = requestedOperation(exchange);
    const value = await operation({ context, device, exchange, body: () => jsonObject(exchange) });
    if (value === undefined) exchange.answer(204, {}, '');
    else exchange.answerJson(200, value);
  } catch (error) {
    if (error instanceof BodyTooLargeError) {
      exchange.answerJson(413, { code: 'body_too_large', message: error.message });
      return;
    }
    if (!(error instanceof ControlError)) throw error;
    exchange.answerJson(error.status, { code: error.code, message: error.message });
  }
}

function requestedOperation(exchange: HttpExchange): { readonly operation: Operation; readonly device: string } {
  const [, collection = '', device = '', ...more] = exchange.path.split('/');
  const isNamed = collection === 'devices' && device !== '' && more.length === 0;
  const name = `${exchange.method} /${isNamed ? 'devices/{device}' : exchange.path.slice(1)}`;
  const operation = Object.hasOwn(CONTROL_OPERATIONS, name) ? CONTROL_OPERATIONS[name] : undefined;
  if (operation !== undefined) return { operation, device: decodeURIComponent(device) };
  const known = Object.keys(CONTROL_OPERATIONS).join(', ');
  throw new ControlError(404, 'unknown_operation', `there is no ${exchange.method} ${exchange.path}: use ${known}`);
}

async function jsonObject(exchange: HttpExchange): Promise<Readonly<Record<string, unknown>>> {
  const body = await exchange.body();
  let value: unknown;
  try {
    value = body.trim() === '' ? {} : JSON.parse(body);
  } catch {
    throw new ControlError(400, 'invalid_json', 'the body is not JSON: send an object such as {"compliant":false}');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new ControlError(400, 'invalid_json', 'the body must be a JSON object');
}
