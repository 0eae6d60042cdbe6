// A poll killed with SIGKILL between any two of its requests: after the next run the store is what it would have been,
// and every change was handed on at least once.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deviceHash } from '../../shared/domain/device.ts';
import { type ConnectorFixture, startConnector } from '../support/connector-fixture.ts';
import { type StoreContents, storeContents } from '../support/store-contents.ts';

const POLL_ONCE = join(import.meta.dirname, '../support/poll-once.ts');
const HOUR_MS = 3_600_000;
/** Past the lease of a poll that died, but not past the polling interval: what comes then goes on with the same run. */
const AFTER_THE_LEASE_MS = 130_000;

/** The tenant's own clock stands still, so that two scenarios differ in nothing. */
const TENANT_TIME = new Date();

/** The second half of what every run has to cope with: devices new, changed, renamed, with swapped addresses, gone. */
function changeFleet({ tenant: { fleet } }: ConnectorFixture): void {
  fleet.patch('NAC-00002', { complianceState: 'compliant' });
  const [seventh, eighth] = [fleet.get('NAC-00007').wiFiMacAddress, fleet.get('NAC-00008').wiFiMacAddress];
  fleet.patch('NAC-00007', { wiFiMacAddress: eighth });
  fleet.patch('NAC-00008', { wiFiMacAddress: seventh, deviceName: 'RENAMED' });
  fleet.patch('NAC-00003', { wiFiMacAddress: 'A4BB6D000003' });
  fleet.remove('NAC-00009');
  fleet.patch(TURNING, { complianceState: 'noncompliant' });
  fleet.add({ id: '0f8fad5b-d9cb-469f-a165-70867728950e', deviceName: 'NEW', wiFiMacAddress: 'A4BB6D000004' });
}

/** Turns noncompliant before the poll that is killed, and back before the next one. */
const TURNING = 'NAC-00001';

interface Scenario extends AsyncDisposable {
  readonly nac: ConnectorFixture;
  /** Starts a poll in a process of its own, with a clock so far ahead. */
  poll(aheadMs: number): ChildProcess;
  handedOn(): Promise<string[]>;
}

/**
 * Same tenant each time (the fleet comes from a seed), one complete sweep behind it, and one device already missed
 * once, so that the poll under test also finds a device gone.
 */
async function startScenario(): Promise<Scenario> {
  const stack = new AsyncDisposableStack();
  const nac = stack.use(
    await startConnector({
      tenant: { fleetSize: 12, pageSize: 5, now: () => TENANT_TIME, tokenLifetimeSeconds: 86_400 },
    }),
  );
  const folder = await mkdtemp(join(tmpdir(), 'nac-killed-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const changesFile = join(folder, 'changes');
  await nac.app.poll(60_000);
  nac.tenant.fleet.remove('NAC-00010');
  nac.clock.advance(HOUR_MS);
  await nac.app.poll(60_000);
  changeFleet(nac);
  nac.storage.requests.length = 0;
  return {
    nac,
    poll: (aheadMs) => {
      const args = [POLL_ONCE, String(aheadMs), changesFile];
      return spawn(process.execPath, args, { env: { ...nac.env }, stdio: ['ignore', 'ignore', 'inherit'] });
    },
    handedOn: async () => {
      const text = await readFile(changesFile, 'utf8').catch(() => '');
      return [...new Set(text.split('\n').filter(Boolean))].sort();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

interface Outcome {
  readonly contents: StoreContents;
  readonly handedOn: readonly string[];
  /** Requests to storage the first poll made until it ended. */
  readonly requests: number;
}

/** One poll; or, with `killAt`, one that dies at that request to storage before it arrives, and the next one. */
async function pollThroughKill(killAt?: number): Promise<Outcome> {
  await using scenario = await startScenario();
  const { nac } = scenario;
  const poll = scenario.poll(2 * HOUR_MS);
  nac.storage.beforeEach = (_, index) => {
    if (killAt === undefined || index < killAt) return 'pass';
    poll.kill('SIGKILL');
    return 'hold';
  };
  const [, signal] = await once(poll, 'exit');
  expect(signal, `end of the poll, killed at request ${killAt}`).toBe(killAt === undefined ? null : 'SIGKILL');
  const requests = nac.storage.requests.length;
  if (killAt !== undefined) {
    nac.storage.beforeEach = () => 'pass';
    nac.tenant.fleet.patch(TURNING, { complianceState: 'compliant' });
    const [code] = await once(scenario.poll(2 * HOUR_MS + AFTER_THE_LEASE_MS), 'exit');
    expect(code, `end of the poll after the one killed at request ${killAt}`).toBe(0);
  }
  const turning = nac.tenant.fleet.get(TURNING);
  const stored = await nac.devices.read({ source: 'intune', id: turning.id });
  expect(stored?.device.complianceState, `state after a kill at request ${killAt}`).toBe(turning.complianceState);
  const contents = await storeContents(nac.tables);
  const others = contents.devices.filter(({ device }) => device.id !== turning.id);
  const fleet = contents.fleet.filter((entry) => !entry.startsWith(deviceHash({ source: 'intune', id: turning.id })));
  const handedOn = (await scenario.handedOn()).filter((change) => !change.includes(turning.id));
  return { contents: { ...contents, devices: others, fleet }, handedOn, requests };
}

it('ends in the same store with no change lost, wherever it is killed', { timeout: 600_000 }, async () => {
  const undisturbed = await pollThroughKill();
  expect(undisturbed.contents.held).toEqual(undisturbed.contents.claimed);
  expect(undisturbed.contents.pendingChanges).toEqual([]);
  // One compliance flip besides the turning one, a dock left, two addresses swapped, one device new and one gone.
  expect(undisturbed.handedOn).toHaveLength(6);
  expect(undisturbed.requests).toBeGreaterThan(30);

  for (let killAt = 1; killAt <= undisturbed.requests; killAt++) {
    const { contents, handedOn } = await pollThroughKill(killAt);
    expect(contents, `store after a kill at request ${killAt}`).toEqual(undisturbed.contents);
    expect(handedOn, `changes after a kill at request ${killAt}`).toEqual(undisturbed.handedOn);
  }
});
