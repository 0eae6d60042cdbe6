// Everything that the control port does, by method and path; `{device}` is an id or a name.

import type { AppRegistration, RegisteredCredentials } from './app-registration.ts';
import type { ComplianceWall } from './compliance-wall.ts';
import { ControlError } from './control-error.ts';
import type { EntraDirectory } from './entra-directory.ts';
import type { DeviceFilter, Fleet } from './fleet.ts';
import { changeShare, type FleetShare, hideShare } from './fleet-scenarios.ts';
import type { HttpExchange } from './http-exchange.ts';
import type { ManagedDeviceChange } from './managed-device.ts';
import type { ConsoleRegistration } from './people/console-registration.ts';
import { checkedScript } from './script.ts';
import type { ScriptedAnswers } from './scripted-answers.ts';
import type { BehaviourSwitches } from './tenant-behaviour.ts';

export interface ControlContext {
  readonly fleet: Fleet;
  readonly scripts: ScriptedAnswers;
  readonly stats: () => unknown;
  readonly switches: BehaviourSwitches;
  readonly wall: ComplianceWall;
  readonly directory: EntraDirectory;
  readonly console: ConsoleRegistration;
  readonly registration: () => AppRegistration;
  readonly register: (change: Readonly<Record<string, unknown>>) => RegisteredCredentials;
}

export interface ControlRequest {
  readonly context: ControlContext;
  /** Id or name; empty where the path has none. */
  readonly device: string;
  readonly query: HttpExchange['query'];
  /** The body as an object; an empty body is an empty object. Its properties are checked where they are used. */
  body(): Promise<Readonly<Record<string, unknown>>>;
}

/** What is answered as JSON; nothing stands for 204. */
export interface ControlAnswer {
  readonly status?: number;
  readonly value: unknown;
}

type Operation = (request: ControlRequest) => ControlAnswer | undefined | Promise<ControlAnswer | undefined>;

export const CONTROL_OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /devices': ({ context, query }) => ({ value: context.fleet.list(deviceFilter(query)) }),
  'POST /devices': async ({ context, body }) => ({ status: 201, value: context.fleet.add(await body()) }),
  'GET /devices/{device}': ({ context, device }) => ({ value: context.fleet.get(device) }),
  'PATCH /devices/{device}': async ({ context, device, body }) => {
    const change: ManagedDeviceChange = await body();
    return { value: context.fleet.patch(device, change) };
  },
  'DELETE /devices/{device}': ({ context, device }) => {
    context.fleet.remove(device);
    return undefined;
  },
  'POST /devices/{device}/retire': ({ context, device }) => ({ value: context.fleet.retire(device) }),
  'POST /devices/{device}/wipe': ({ context, device }) => ({ value: context.fleet.wipe(device) }),
  'POST /devices/{device}/enrol-again': async ({ context, device, body }) => ({
    status: 201,
    value: context.fleet.enrollAgain(device, await body()),
  }),
  'POST /devices/{device}/hide': ({ context, device }) => ({ value: context.fleet.hide(device) }),
  'POST /devices/{device}/show': ({ context, device }) => ({ value: context.fleet.show(device)[0] }),
  'POST /fleet': async ({ context, body }) => {
    context.fleet.reseed(fleetChange(await body()));
    return { value: { size: context.fleet.size, seed: context.fleet.seed } };
  },
  'POST /fleet/change': async ({ context, body }) => {
    const { set, ...share } = await body();
    if (typeof set !== 'object' || set === null || Array.isArray(set)) {
      throw new ControlError(
        400,
        'invalid_property',
        'set must be an object such as {"complianceState":"noncompliant"}',
      );
    }
    return { value: { devices: changeShare(context.fleet, fleetShare(share), set) } };
  },
  'POST /fleet/hide': async ({ context, body }) => ({
    value: { devices: hideShare(context.fleet, fleetShare(await body())) },
  }),
  'POST /fleet/show': ({ context }) => ({ value: { devices: context.fleet.show().length } }),
  'GET /behaviour': ({ context }) => ({ value: context.switches.current }),
  'PATCH /behaviour': async ({ context, body }) => ({ value: context.switches.change(await body()) }),
  'DELETE /behaviour': ({ context }) => {
    context.switches.reset();
    return undefined;
  },
  'GET /registration': ({ context }) => ({ value: context.registration() }),
  'PATCH /registration': async ({ context, body }) => ({ value: context.register(await body()) }),
  'DELETE /compliance-wall': ({ context }) => {
    context.wall.lower();
    return undefined;
  },
  'POST /resync': ({ context }) => {
    context.directory.demandResync();
    return undefined;
  },
  'DELETE /entra-devices/{device}': ({ context, device }) => {
    context.directory.delete(device);
    return undefined;
  },
  'GET /people': ({ context }) => ({ value: context.console.signIns.people.all() }),
  'PATCH /people': async ({ context, body }) => {
    const { person, roles } = await body();
    return { value: context.console.signIns.people.assign(String(person), roles) };
  },
  'POST /people/revoke': async ({ context, body }) => {
    context.console.signIns.people.revoke(String((await body())['person']));
    return undefined;
  },
  'POST /people/roll-key': async ({ context, body }) => {
    await context.console.tokens.rollKey((await body())['withdraw'] === true);
    return undefined;
  },
  'GET /sign-in': ({ context }) => ({ value: context.console.signIns.times }),
  'PATCH /sign-in': async ({ context, body }) => ({ value: context.console.signIns.changeTimes(await body()) }),
  'GET /stats': ({ context }) => ({ value: context.stats() }),
  'POST /script': async ({ context, body }) => {
    const script = checkedScript(await body());
    context.scripts.add(script);
    return { status: 201, value: { target: script.target, pending: context.scripts.pending(script.target) } };
  },
  'DELETE /script': ({ context }) => {
    context.scripts.clear();
    return undefined;
  },
};

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
  knownProperties(body, ['size', 'seed']);
  const { size, seed } = body;
  if ((size !== undefined && typeof size !== 'number') || (seed !== undefined && typeof seed !== 'number')) {
    throw new ControlError(400, 'invalid_property', 'size and seed must be whole numbers');
  }
  return { ...(size === undefined ? {} : { size }), ...(seed === undefined ? {} : { seed }) };
}

/** The values are checked where the devices are chosen. */
function fleetShare(body: Readonly<Record<string, unknown>>): FleetShare {
  knownProperties(body, ['share', 'count', 'skip', 'complianceState']);
  return body as FleetShare;
}

function knownProperties(body: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const unknown = Object.keys(body).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new ControlError(400, 'invalid_property', `the fleet has no '${unknown}': use ${names.join(', ')}`);
  }
}
