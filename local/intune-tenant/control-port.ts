/**
 * The tenant's control port: plain HTTP and JSON on the loopback interface, through which people and tests change the
 * fleet and script answers while the tenant runs.
 */

import { type AppRegistration, type RegisteredCredentials, RegistrationError } from './app-registration.ts';
import type { ComplianceWall } from './compliance-wall.ts';
import type { EntraDirectory } from './entra-directory.ts';
import type { DeviceFilter, Fleet } from './fleet.ts';
import { FleetError, type FleetErrorCode } from './fleet-error.ts';
import { BodyTooLargeError, type HttpExchange } from './http-exchange.ts';
import type { ManagedDeviceChange } from './managed-device.ts';
import { checkedScript, ScriptError, type ScriptedAnswers } from './scripted-answers.ts';
import { BehaviourError, type BehaviourSwitches } from './tenant-behaviour.ts';

export interface ControlContext {
  readonly fleet: Fleet;
  readonly scripts: ScriptedAnswers;
  readonly stats: () => unknown;
  readonly switches: BehaviourSwitches;
  readonly wall: ComplianceWall;
  readonly directory: EntraDirectory;
  readonly registration: () => AppRegistration;
  readonly register: (change: Readonly<Record<string, unknown>>) => RegisteredCredentials;
}

class ControlError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ControlError';
    this.status = status;
    this.code = code;
  }
}

const fleetStatus: Readonly<Record<FleetErrorCode, number>> = {
  invalid_property: 400,
  device_not_found: 404,
  device_ambiguous: 409,
  device_exists: 409,
};

const overview =
  'use GET /devices, GET|PATCH|DELETE /devices/{id or name}, POST /devices, POST /devices/{id or name}/retire, ' +
  'POST /fleet, GET /stats, POST /script or DELETE /script';

/** Answers one request to the control port; refusals are `{code, message}` and say what to do instead. */
export async function answerControlRequest(exchange: HttpExchange, context: ControlContext): Promise<void> {
  try {
    await operate(exchange, context);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) {
      throw error;
    }
    exchange.answerJson(refusal.status, { code: refusal.code, message: refusal.message });
  }
}

async function operate(exchange: HttpExchange, context: ControlContext): Promise<void> {
  const { fleet, scripts } = context;
  const [collection, device, action, ...rest] = segments(exchange.path);
  const known = rest.length === 0 && (action === undefined || action === 'retire');
  const operation = `${exchange.method} /${collection ?? ''}${device === undefined ? '' : '/{device}'}${
    action === undefined ? '' : `/${action}`
  }`;
  if (!known) {
    throw new ControlError(404, 'unknown_operation', `there is no ${exchange.method} ${exchange.path}: ${overview}`);
  }

  switch (operation) {
    case 'GET /devices':
      exchange.answerJson(200, fleet.list(deviceFilter(exchange.query)));
      return;
    case 'POST /devices':
      exchange.answerJson(201, fleet.add(await jsonObject(exchange)));
      return;
    case 'GET /devices/{device}':
      exchange.answerJson(200, fleet.get(device ?? ''));
      return;
    case 'PATCH /devices/{device}': {
      const change: ManagedDeviceChange = await jsonObject(exchange);
      exchange.answerJson(200, fleet.patch(device ?? '', change));
      return;
    }
    case 'DELETE /devices/{device}':
      fleet.remove(device ?? '');
      exchange.answer(204, {}, '');
      return;
    case 'POST /devices/{device}/retire':
      exchange.answerJson(200, fleet.retire(device ?? ''));
      return;
    case 'POST /fleet':
      fleet.reseed(fleetChange(await jsonObject(exchange)));
      exchange.answerJson(200, { size: fleet.size, seed: fleet.seed });
      return;
    case 'GET /behaviour':
      exchange.answerJson(200, context.switches.current);
      return;
    case 'PATCH /behaviour':
      exchange.answerJson(200, context.switches.change(await jsonObject(exchange)));
      return;
    case 'DELETE /behaviour':
      context.switches.reset();
      exchange.answer(204, {}, '');
      return;
    case 'GET /registration':
      exchange.answerJson(200, context.registration());
      return;
    case 'PATCH /registration':
      exchange.answerJson(200, context.register(await jsonObject(exchange)));
      return;
    case 'DELETE /compliance-wall':
      context.wall.lower();
      exchange.answer(204, {}, '');
      return;
    case 'POST /resync':
      context.directory.demandResync();
      exchange.answer(204, {}, '');
      return;
    case 'DELETE /entra-devices/{device}':
      context.directory.delete(device ?? '');
      exchange.answer(204, {}, '');
      return;
    case 'GET /stats':
      exchange.answerJson(200, context.stats());
      return;
    case 'POST /script': {
      const script = checkedScript(await jsonObject(exchange));
      scripts.add(script);
      exchange.answerJson(201, { target: script.target, pending: scripts.pending(script.target) });
      return;
    }
    case 'DELETE /script':
      scripts.clear();
      exchange.answer(204, {}, '');
      return;
    default:
      throw new ControlError(404, 'unknown_operation', `there is no ${exchange.method} ${exchange.path}: ${overview}`);
  }
}

function refusalOf(error: unknown): { status: number; code: string; message: string } | undefined {
  if (error instanceof ControlError) {
    return error;
  }
  if (error instanceof FleetError) {
    return { status: fleetStatus[error.code], code: error.code, message: error.message };
  }
  if (error instanceof ScriptError) {
    return { status: 400, code: 'invalid_script', message: error.message };
  }
  if (error instanceof BehaviourError) {
    return { status: 400, code: 'invalid_behaviour', message: error.message };
  }
  if (error instanceof RegistrationError) {
    return { status: 400, code: 'invalid_registration', message: error.message };
  }
  if (error instanceof BodyTooLargeError) {
    return { status: 413, code: 'body_too_large', message: error.message };
  }
  return undefined;
}

function segments(path: string): string[] {
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
  } catch {
    throw new ControlError(400, 'invalid_path', 'the path is not valid percent-encoded text');
  }
}

function deviceFilter(query: URLSearchParams): DeviceFilter {
  const unknown = [...query.keys()].find((name) => !['name', 'mac', 'limit'].includes(name));
  if (unknown !== undefined) {
    throw new ControlError(400, 'invalid_query', `devices cannot be listed by '${unknown}': use name, mac or limit`);
  }
  const name = query.get('name');
  const mac = query.get('mac');
  const limit = query.get('limit');
  return {
    ...(name === null ? {} : { name }),
    ...(mac === null ? {} : { mac }),
    ...(limit === null ? {} : { limit: Number(limit) }),
  };
}

function fleetChange(body: Readonly<Record<string, unknown>>): { size?: number; seed?: number } {
  const unknown = Object.keys(body).find((name) => name !== 'size' && name !== 'seed');
  if (unknown !== undefined) {
    throw new ControlError(400, 'invalid_property', `the fleet has no '${unknown}': use size and seed`);
  }
  const { size, seed } = body;
  if ((size !== undefined && typeof size !== 'number') || (seed !== undefined && typeof seed !== 'number')) {
    throw new ControlError(400, 'invalid_property', 'size and seed must be whole numbers');
  }
  return { ...(size === undefined ? {} : { size }), ...(seed === undefined ? {} : { seed }) };
}

/** The body as an object; an empty body is an empty object. Its properties are checked by whoever uses them. */
async function jsonObject(exchange: HttpExchange): Promise<Record<string, unknown>> {
  const body = await exchange.body();
  let value: unknown;
  try {
    value = body.trim() === '' ? {} : JSON.parse(body);
  } catch {
    throw new ControlError(400, 'invalid_json', 'the body is not JSON: send an object such as {"deviceName":"NAC-9"}');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ControlError(400, 'invalid_json', 'the body must be a JSON object');
  }
  return { ...value };
}
