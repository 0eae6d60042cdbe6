// A poll that dies between any two of its requests to the store, and what must be the same after the next ones as if it
// had not.

import { expect } from 'vitest';
import type { IntuneTenant, IntuneTenantOptions } from '../../local/intune-tenant/intune-tenant.ts';
import { TableDeviceStore } from '../../shared/adapters/table-storage/table-device-store.ts';
import type { Tables } from '../../shared/adapters/table-storage/tables.ts';
import type { App } from '../../shared/app.ts';
import { deviceHash } from '../../shared/domain/device/device.ts';
import { type StoreContents, storeContents } from './store-contents.ts';

const HOUR_MS = 3_600_000;
/** Past the lease of a poll that died, but not past the polling interval: what comes then goes on with the same run. */
const AFTER_THE_LEASE_MS = 130_000;
/** The tenant's own clock stands still, so that two scenarios differ in nothing. */
const TENANT_TIME = new Date();
/** Turns noncompliant before the poll that dies, and back before the next one. */
const TURNING = 'NAC-00001';

type Fleet = IntuneTenant['fleet'];
type PollResult = Awaited<ReturnType<App['poll']>>;

/** The same each time: the fleet comes from a seed. */
export const TENANT: IntuneTenantOptions = {
  fleetSize: 12,
  pageSize: 5,
  now: () => TENANT_TIME,
  tokenLifetimeSeconds: 86_400,
};

export interface Plan {
  readonly env: Readonly<Record<string, string>>;
  /** How far ahead the clock of the poll is that dies. */
  readonly aheadMs: number;
  /** The same of the polls that follow, once past the lease of the one that died. */
  readonly thenMs: readonly number[];
  /** Further changes before the poll that dies. */
  readonly change?: (fleet: Fleet) => void;
  /** What must be handed on, the turning device left out. */
  readonly handedOn: number;
  /** Devices whose new state is held, the turning one left out. */
  readonly held: number;
}

export const PLANS: Readonly<Record<'sweep' | 'breaker' | 'changed devices', Plan>> = {
  // One compliance flip and the turning one, a dock left, two addresses swapped, one device gone, and one new.
  sweep: { env: {}, aheadMs: 2 * HOUR_MS, thenMs: [], handedOn: 6, held: 0 },
  // A dock left, two addresses swapped, one device new.
  breaker: {
    env: { MASS_CHANGE_DEVICES: '3' },
    aheadMs: 2 * HOUR_MS,
    thenMs: [],
    change: (fleet) => {
      for (const name of ['NAC-00011', 'NAC-00012']) {
        const { complianceState } = fleet.get(name);
        fleet.patch(name, { complianceState: complianceState === 'noncompliant' ? 'compliant' : 'noncompliant' });
      }
    },
    handedOn: 4,
    held: 4,
  },
  'changed devices': {
    env: { CHANGED_DEVICES_INTERVAL: '1m' },
    aheadMs: 1.5 * HOUR_MS,
    thenMs: [2.5 * HOUR_MS],
    change: (fleet) => {
      // After the newest sweep, however long the scenarios before took.
      const lastSyncDateTime = new Date(TENANT_TIME.getTime() + 1.4 * HOUR_MS).toISOString();
      for (const { id } of fleet.list().value) fleet.patch(id, { lastSyncDateTime });
    },
    handedOn: 6,
    held: 0,
  },
};

/** A tenant, a store with two complete sweeps in it, and polls on them. */
export interface Scenario extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly tables: Tables;
  /**
   * A poll that is to die.
   * @param killAt number of the request to the store before which it does; `undefined` lets it live
   * @returns of each of its requests whether it writes
   */
  pollAndDie(aheadMs: number, killAt: number | undefined): Promise<readonly boolean[]>;
  /** A poll of a new process, which knows nothing but the store. */
  poll(aheadMs: number): Promise<PollResult>;
  /** Each change that was handed on, once. */
  handedOn(): Promise<string[]>;
}

/** @param polls one after the other, each with its clock so far ahead */
export async function twoSweeps(fleet: Fleet, plan: Plan, poll: (aheadMs: number) => Promise<unknown>): Promise<void> {
  await poll(0);
  fleet.remove('NAC-00010');
  await poll(HOUR_MS);
  changeFleet(fleet);
  plan.change?.(fleet);
}

/** What every run has to cope with: devices new, changed, renamed, with swapped addresses, gone. */
function changeFleet(fleet: Fleet): void {
  fleet.patch('NAC-00002', { complianceState: 'compliant' });
  const [seventh, eighth] = [fleet.get('NAC-00007').wiFiMacAddress, fleet.get('NAC-00008').wiFiMacAddress];
  fleet.patch('NAC-00007', { wiFiMacAddress: eighth });
  fleet.patch('NAC-00008', { wiFiMacAddress: seventh, deviceName: 'RENAMED' });
  fleet.patch('NAC-00003', { wiFiMacAddress: 'A4BB6D000003' });
  fleet.remove('NAC-00009');
  fleet.patch(TURNING, { complianceState: 'noncompliant' });
  fleet.add({ id: '0f8fad5b-d9cb-469f-a165-70867728950e', deviceName: 'NEW', wiFiMacAddress: 'A4BB6D000004' });
}

interface Outcome {
  readonly contents: StoreContents;
  readonly handedOn: readonly string[];
  /**
   * Requests to the store before which death is worth a try. Reads leave nothing behind, so a death before one is the
   * death before the next write; the first request after each write counts as well. After the last write all is done.
   */
  readonly killPoints: readonly number[];
}

/** The polls of the plan; with `killAt` the first one dies at that request to the store, before it arrives. */
async function pollThroughDeath(start: () => Promise<Scenario>, plan: Plan, killAt?: number): Promise<Outcome> {
  await using scenario = await start();
  const { fleet } = scenario;
  const writes = await scenario.pollAndDie(plan.aheadMs, killAt);
  // The very last write is a figure for the console: by then the poll has done what this is about.
  const last = writes.lastIndexOf(true, writes.lastIndexOf(true) - 1);
  const killPoints = writes.flatMap((isWrite, index) =>
    index < last && (isWrite || writes[index - 1]) ? [index + 1] : [],
  );
  // It checks in no more: only the marks can tell the next run to look at it.
  const turnedBack = { complianceState: 'compliant', lastSyncDateTime: fleet.get(TURNING).lastSyncDateTime } as const;
  if (killAt !== undefined) fleet.patch(TURNING, turnedBack);
  const then = killAt === undefined ? plan.thenMs : [plan.aheadMs + AFTER_THE_LEASE_MS, ...plan.thenMs];
  for (const aheadMs of then) {
    const { kind } = await scenario.poll(aheadMs);
    expect(['complete', 'idle'], `poll after the one that died at request ${killAt}`).toContain(kind);
  }
  const turning = fleet.get(TURNING);
  const stored = await new TableDeviceStore(scenario.tables.devices).read({ source: 'intune', id: turning.id });
  if (plan.held === 0 || killAt !== undefined) {
    expect(stored?.device.complianceState, `state after a death at request ${killAt}`).toBe(turning.complianceState);
  }
  const contents = await storeContents(scenario.tables);
  const others = contents.devices.filter(({ device }) => device.id !== turning.id);
  const entries = contents.fleet.filter((entry) => !entry.startsWith(deviceHash({ source: 'intune', id: turning.id })));
  const handedOn = (await scenario.handedOn()).filter((change) => !change.includes(turning.id));
  return { contents: { ...contents, devices: others, fleet: entries }, handedOn, killPoints };
}

/**
 * @param start a new scenario of the plan
 * @param choose of the requests worth a death those to try
 */
export async function expectSameWhereverItDies(
  plan: Plan,
  start: () => Promise<Scenario>,
  choose: (killPoints: readonly number[]) => readonly number[],
): Promise<void> {
  const undisturbed = await pollThroughDeath(start, plan);
  expect(undisturbed.contents.held).toEqual(undisturbed.contents.claimed);
  expect(undisturbed.contents.pendingChanges).toEqual([]);
  expect(undisturbed.killPoints.length).toBeGreaterThan(10);
  expect(undisturbed.handedOn).toHaveLength(plan.handedOn);
  expect(undisturbed.contents.devices.filter(({ held }) => held !== undefined)).toHaveLength(plan.held);
  for (const killAt of choose(undisturbed.killPoints)) {
    const { contents, handedOn } = await pollThroughDeath(start, plan, killAt);
    expect(contents, `store after a death at request ${killAt}`).toEqual(undisturbed.contents);
    expect(handedOn, `changes after a death at request ${killAt}`).toEqual(undisturbed.handedOn);
  }
}
