// A poll killed with SIGKILL between any two of its writes: after the next run the store is what it would have been, and
// every change was handed on at least once. Reads leave nothing behind, so a death before one is the death before the next
// write; the first request after each write is killed as well. The plain sweep dies at each of these points; the other
// scenarios, which share most of their writes with it, at every second one: one at the even ones, one at the odd ones.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '../../shared/app.ts';
import { deviceHash } from '../../shared/domain/device.ts';
import { readSettings } from '../../shared/settings.ts';
import { adjustableClock } from '../support/adjustable-clock.ts';
import { collectingLogger } from '../support/collecting-logger.ts';
import { type ConnectorFixture, startConnector } from '../support/connector-fixture.ts';
import { type StoreContents, storeContents } from '../support/store-contents.ts';

/** In one file, and compiled once: hundreds of processes start from it. */
let built: string;
let pollOnce: string;

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'nac-poll-once-'));
  pollOnce = join(built, 'poll-once.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, '../support/poll-once.ts')],
    outfile: pollOnce,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
});

afterAll(() => rm(built, { recursive: true }));

const HOUR_MS = 3_600_000;
/** Past the lease of a poll that died, but not past the polling interval: what comes then goes on with the same run. */
const AFTER_THE_LEASE_MS = 130_000;

/** The tenant's own clock stands still, so that two scenarios differ in nothing. */
const TENANT_TIME = new Date();

/** Turns noncompliant before the poll that is killed, and back before the next one. */
const TURNING = 'NAC-00001';

interface Plan {
  readonly env: Readonly<Record<string, string>>;
  /** How far ahead the clock of the poll is that is killed. */
  readonly aheadMs: number;
  /** The same of the polls that follow, once past the lease of the one that died. */
  readonly thenMs: readonly number[];
  /** Of the points worth a kill: all, or every second one beginning with the first or the second. */
  readonly kill: 'all' | 'even' | 'odd';
  /** Further changes before the poll that is killed. */
  readonly change?: (nac: ConnectorFixture) => void;
}

/** What every run has to cope with: devices new, changed, renamed, with swapped addresses, gone. */
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

type PollResult = Awaited<ReturnType<ConnectorFixture['app']['poll']>>;

interface Scenario extends AsyncDisposable {
  readonly nac: ConnectorFixture;
  /** Starts a poll in a process of its own, with a clock so far ahead: the one to be killed. */
  spawnPoll(aheadMs: number): ChildProcess;
  /** The same in this process, as a new instance of the app that knows nothing but the store. */
  poll(aheadMs: number): Promise<PollResult>;
  handedOn(): Promise<string[]>;
}

/** Same tenant each time (the fleet comes from a seed), two complete sweeps behind it. */
async function startScenario({ env, change }: Plan): Promise<Scenario> {
  const stack = new AsyncDisposableStack();
  const nac = stack.use(
    await startConnector({
      tenant: { fleetSize: 12, pageSize: 5, now: () => TENANT_TIME, tokenLifetimeSeconds: 86_400 },
      env,
    }),
  );
  const folder = await mkdtemp(join(tmpdir(), 'nac-killed-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const changesFile = join(folder, 'changes');
  const handedOnHere: string[] = [];
  await nac.app.poll(60_000);
  nac.tenant.fleet.remove('NAC-00010');
  nac.clock.advance(HOUR_MS);
  await nac.app.poll(60_000);
  changeFleet(nac);
  change?.(nac);
  nac.storage.requests.length = 0;
  return {
    nac,
    spawnPoll: (aheadMs) => {
      const env = { ...nac.env, NODE_COMPILE_CACHE: join(built, 'compiled') };
      return spawn(process.execPath, [pollOnce, String(aheadMs), changesFile], {
        env,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    },
    poll: async (aheadMs) => {
      const clock = adjustableClock();
      clock.advance(aheadMs);
      const app = createApp(readSettings(nac.env), {
        clock,
        log: collectingLogger().logger,
        onChange: async ({ source, id, version }) => void handedOnHere.push(`${source}|${id}|${version}`),
      });
      const result = await app.poll(60_000);
      await app.close();
      return result;
    },
    handedOn: async () => {
      const text = await readFile(changesFile, 'utf8').catch(() => '');
      return [...new Set([...text.split('\n').filter(Boolean), ...handedOnHere])].sort();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

interface Outcome {
  readonly contents: StoreContents;
  readonly handedOn: readonly string[];
  /** Requests to storage before which the first poll is worth killing: after the last write all is done. */
  readonly killPoints: readonly number[];
}

/** The polls of the plan; with `killAt` the first one dies at that request to storage before it arrives. */
async function pollThroughKill(plan: Plan, killAt?: number): Promise<Outcome> {
  await using scenario = await startScenario(plan);
  const { nac } = scenario;
  const poll = scenario.spawnPoll(plan.aheadMs);
  nac.storage.beforeEach = (_, index) => {
    if (killAt === undefined || index < killAt) return 'pass';
    poll.kill('SIGKILL');
    return 'hold';
  };
  const [, signal] = await once(poll, 'exit');
  expect(signal, `end of the poll, killed at request ${killAt}`).toBe(killAt === undefined ? null : 'SIGKILL');
  const writes = nac.storage.requests.map((request) => request.writes > 0);
  const last = writes.lastIndexOf(true);
  const killPoints = writes.flatMap((isWrite, index) =>
    index <= last && (isWrite || writes[index - 1]) ? [index + 1] : [],
  );
  nac.storage.beforeEach = () => 'pass';
  if (killAt !== undefined) {
    turnBack(nac);
  }
  const then = killAt === undefined ? plan.thenMs : [plan.aheadMs + AFTER_THE_LEASE_MS, ...plan.thenMs];
  for (const aheadMs of then) {
    const { kind } = await scenario.poll(aheadMs);
    expect(['complete', 'idle'], `poll after the one killed at request ${killAt}`).toContain(kind);
  }
  const turning = nac.tenant.fleet.get(TURNING);
  const stored = await nac.devices.read({ source: 'intune', id: turning.id });
  if (plan.env['MASS_CHANGE_DEVICES'] === undefined || killAt !== undefined) {
    expect(stored?.device.complianceState, `state after a kill at request ${killAt}`).toBe(turning.complianceState);
  }
  const contents = await storeContents(nac.tables);
  const others = contents.devices.filter(({ device }) => device.id !== turning.id);
  const fleet = contents.fleet.filter((entry) => !entry.startsWith(deviceHash({ source: 'intune', id: turning.id })));
  const handedOn = (await scenario.handedOn()).filter((change) => !change.includes(turning.id));
  return { contents: { ...contents, devices: others, fleet }, handedOn, killPoints };
}

/** It checks in no more: only the marks can tell the next run to look at it. */
function turnBack({ tenant: { fleet } }: ConnectorFixture): void {
  fleet.patch(TURNING, { complianceState: 'compliant', lastSyncDateTime: fleet.get(TURNING).lastSyncDateTime });
}

async function expectSameWhereverKilled(plan: Plan): Promise<Outcome> {
  const undisturbed = await pollThroughKill(plan);
  expect(undisturbed.contents.held).toEqual(undisturbed.contents.claimed);
  expect(undisturbed.contents.pendingChanges).toEqual([]);
  expect(undisturbed.killPoints.length).toBeGreaterThan(10);
  const killed = undisturbed.killPoints.filter(
    (_, at) => plan.kill === 'all' || (at % 2 === 0) === (plan.kill === 'even'),
  );
  for (const killAt of killed) {
    const { contents, handedOn } = await pollThroughKill(plan, killAt);
    expect(contents, `store after a kill at request ${killAt}`).toEqual(undisturbed.contents);
    expect(handedOn, `changes after a kill at request ${killAt}`).toEqual(undisturbed.handedOn);
  }
  return undisturbed;
}

const TIMEOUT = { timeout: 600_000 };

it('a sweep ends in the same store with no change lost, wherever it is killed', TIMEOUT, async () => {
  const plan: Plan = { env: {}, aheadMs: 2 * HOUR_MS, thenMs: [], kill: 'all' };
  // One compliance flip besides the turning one, a dock left, two addresses swapped, and one device gone. A device that is
  // new to the sweep is no change of anything a session rests on.
  expect((await expectSameWhereverKilled(plan)).handedOn).toHaveLength(5);
});

it(
  'a sweep that trips the breaker holds the same and lets nothing through, wherever it is killed',
  TIMEOUT,
  async () => {
    const flips = ['NAC-00011', 'NAC-00012'];
    const { contents, handedOn } = await expectSameWhereverKilled({
      env: { MASS_CHANGE_DEVICES: '3' },
      aheadMs: 2 * HOUR_MS,
      thenMs: [],
      kill: 'even',
      change: ({ tenant: { fleet } }) => {
        for (const name of flips) {
          const { complianceState } = fleet.get(name);
          fleet.patch(name, { complianceState: complianceState === 'noncompliant' ? 'compliant' : 'noncompliant' });
        }
      },
    });
    expect(handedOn, 'a dock left, two addresses swapped').toHaveLength(3);
    expect(contents.devices.filter(({ held }) => held !== undefined)).toHaveLength(4);
  },
);

it('a look at changed devices loses nothing and misleads no sweep, wherever it is killed', TIMEOUT, async () => {
  const { handedOn } = await expectSameWhereverKilled({
    env: { CHANGED_DEVICES_INTERVAL: '1m' },
    aheadMs: 1.5 * HOUR_MS,
    thenMs: [2.5 * HOUR_MS],
    kill: 'odd',
    change: ({ tenant: { fleet } }) => {
      // After the newest sweep, however long the scenarios before took.
      const lastSyncDateTime = new Date(TENANT_TIME.getTime() + 1.4 * HOUR_MS).toISOString();
      for (const { id } of fleet.list().value) fleet.patch(id, { lastSyncDateTime });
    },
  });
  expect(handedOn).toHaveLength(6);
});
