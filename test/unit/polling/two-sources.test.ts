// Two sources feed one store: what one of them says, fails to say, or has held back touches no device, interval or
// breaker of the other. The second one is another MDM's: ids that are no GUIDs, and some of the same machines.

import { describe, expect, test } from 'vitest';
import { type Device, deviceKeyText } from '../../../shared/domain/device/device.ts';
import { describeChange } from '../../../shared/domain/device/device-change.ts';
import { toInstant } from '../../../shared/domain/instant.ts';
import { SourceError } from '../../../shared/errors.ts';
import { boundedSource } from '../../../shared/polling/bounded-source.ts';
import { editMassChange, readMassChange } from '../../../shared/polling/breaker/mass-change.ts';
import { applyReleases, releaseRun, sourceOfRun } from '../../../shared/polling/breaker/release-held.ts';
import { type PollDeps, poll, type SourceToPoll } from '../../../shared/polling/poll.ts';
import { readPollOverview } from '../../../shared/polling/poll-status.ts';
import { readReleaseRequest } from '../../../shared/polling/read-release-request.ts';
import { aDeviceOfFleet } from '../../support/a-device.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { type SweepTables, sweepTables } from '../../support/sweep-tables.ts';

const HOUR_MS = 3_600_000;
const FLEET = 60;
/** Machines that both sources manage. */
const SHARED = 10;

type Both = Readonly<Record<'intune' | 'meraki', SweepTables>>;

/** A device of the second source: a number for an id, and the name, address and serial number of the n-th machine. */
function ofMeraki(number: number): Device {
  return { ...aDeviceOfFleet(number), source: 'meraki', id: String(500_000 + number) };
}

/** Both are swept once: the second one's machines begin with some of the first one's. */
async function start(): Promise<Both> {
  const intune = sweepTables({ changedDevicesIntervalMs: 60_000 });
  const meraki = sweepTables({ name: 'meraki', slow: intune.slow, changedDevicesIntervalMs: 60_000 });
  intune.tenant.devices = Array.from({ length: FLEET }, (_, number) => aDeviceOfFleet(number));
  meraki.tenant.devices = Array.from({ length: FLEET }, (_, number) => ofMeraki(FLEET - SHARED + number));
  const both = { intune, meraki };
  expect(await hour(both)).toEqual({ intune: 'complete', meraki: 'complete' });
  for (const run of [intune, meraki]) run.changes.length = 0;
  return both;
}

/** An hour later both have their tick, and go on until their sweep is over. */
async function hour({ intune, meraki }: Both): Promise<Record<keyof Both, string>> {
  await intune.slow.time.runUntil(intune.slow.time.now + HOUR_MS);
  return { intune: await swept(intune), meraki: await swept(meraki) };
}

async function swept(run: SweepTables): Promise<string> {
  let result = await run.tick();
  while (result.kind === 'sliced') result = await run.tick();
  return result.kind;
}

const events = ({ log }: SweepTables, name: string) => log.filter(({ event }) => event === name);
const present = async ({ intune, meraki }: Both) => [await intune.present(), await meraki.present()];
const stateOf = ({ slow, depsOf }: SweepTables) => depsOf(slow.atOnce);
const heldOf = async (run: SweepTables) => (await readMassChange(stateOf(run).tasks)).held;
const turned = (devices: readonly Device[]): Device[] =>
  devices.map((device) => ({ ...device, complianceState: 'noncompliant' }));
const away = (): SourceError =>
  new SourceError('NAC_SOURCE_UNAVAILABLE', 'away', { action: 'Wait.', retryAfterMs: 60_000 });

async function ownersOf({ slow, depsOf }: SweepTables, { wifiMac }: Device): Promise<string[]> {
  if (wifiMac === undefined) throw new Error('each machine has an address');
  const { devices } = await depsOf(slow.atOnce).identities.readOwners({ kind: 'mac', value: wifiMac });
  return devices.toSorted();
}

describe('two sources over one store', () => {
  test('are swept without a word about each other’s devices', async () => {
    const both = await start();
    for (let sweeps = 0; sweeps < 4; sweeps++)
      expect(await hour(both)).toEqual({ intune: 'complete', meraki: 'complete' });
    expect(await present(both)).toEqual([FLEET, FLEET]);
    for (const run of Object.values(both)) {
      expect(run.changes).toEqual([]);
      expect(run.log.filter(({ level }) => level !== 'info')).toEqual([]);
      const { sweeps } = stateOf(run);
      expect((await sweeps.read()).state).toMatchObject({
        lastComplete: { devices: FLEET },
        fleetIndex: { devices: FLEET },
      });
      for (const { gone, turned, held } of await sweeps.listRuns(10)) expect([gone, turned, held]).toEqual([0, 0, 0]);
    }
  });

  test('a device that one of them lists no more is gone there alone, whatever the other knows of the machine', async () => {
    const both = await start();
    const { intune, meraki } = both;
    const machine = intune.tenant.devices[FLEET - 1] as Device;
    const twin = ofMeraki(FLEET - 1);
    expect(await ownersOf(intune, machine)).toEqual([deviceKeyText(machine), deviceKeyText(twin)]);
    intune.tenant.devices = intune.tenant.devices.slice(0, -1);
    await hour(both);
    await hour(both);
    expect(await present(both)).toEqual([FLEET - 1, FLEET]);
    expect(intune.changes.map(deviceKeyText)).toEqual([deviceKeyText(machine)]);
    expect(meraki.changes).toEqual([]);
    expect(await ownersOf(meraki, twin)).toContain(deviceKeyText(twin));
  });

  test('an empty list holds its own devices, and none of the other', async () => {
    const both = await start();
    const { intune, meraki } = both;
    meraki.tenant.devices = [];
    for (let sweeps = 0; sweeps < 4; sweeps++) expect((await hour(both)).intune).toBe('complete');
    expect(await present(both)).toEqual([FLEET, FLEET]);
    expect(events(meraki, 'poll.breaker-tripped').length).toBeGreaterThan(0);
    expect(events(intune, 'poll.breaker-tripped')).toEqual([]);
    expect(await heldOf(intune)).toEqual([]);
    expect((await heldOf(meraki)).at(-1)).toMatchObject({ absences: FLEET, known: FLEET });
  });

  test('what is held of one is neither applied nor counted by sweeps of the other, and a release lets out its own', async () => {
    const both = await start();
    const { intune, meraki } = both;
    meraki.tenant.devices = turned(meraki.tenant.devices);
    for (let sweeps = 0; sweeps < 3; sweeps++) await hour(both);
    expect((await heldOf(meraki)).at(-1)).toMatchObject({ flips: FLEET });
    // A few of the first one's turn meanwhile: they count at once.
    const few = intune.tenant.devices.slice(0, 3);
    intune.tenant.devices = [...turned(few), ...intune.tenant.devices.slice(3)];
    await hour(both);
    expect(intune.changes.map(({ id }) => id).toSorted()).toEqual(few.map(({ id }) => id).toSorted());
    expect(meraki.changes).toEqual([]);

    const states = Object.entries(both).map(([name, run]) => ({ name, ...stateOf(run) }));
    const runId = String((await heldOf(meraki)).at(-1)?.runId);
    const { name, tasks } = await sourceOfRun(states, { runId, reason: 'as planned' });
    expect(name).toBe('meraki');
    await releaseRun({ ...meraki.deps, ...stateOf(meraki), tasks }, { runId, reason: 'as planned' }, 'ada');
    expect(await intune.slow.run(() => applyReleases(intune.deps))).toMatchObject({ result: 0 });
    expect(meraki.changes).toEqual([]);
    await intune.slow.run(() => applyReleases(meraki.deps));
    expect(new Set(meraki.changes.map(({ source }) => source))).toEqual(new Set(['meraki']));
    expect(meraki.changes).toHaveLength(FLEET);
    const overview = await readPollOverview(states);
    expect(overview.held).toEqual([]);
    expect(overview.otherSources?.['meraki']).toMatchObject({ held: [], lastComplete: { devices: FLEET } });
  });

  test('a run that both hold by the same id is let out of the one that is named', async () => {
    const both = await start();
    const states = Object.entries(both).map(([name, run]) => ({ name, ...stateOf(run) }));
    const run = { runId: 'refresh-1', heldAt: 'x', changing: 1, known: 1, flips: 1, absences: 0, digest: '' };
    for (const { tasks } of states) await editMassChange(tasks, (state) => ({ ...state, held: [run] }));
    const request = { runId: 'refresh-1', reason: 'as planned' };
    await expect(sourceOfRun(states, request)).rejects.toMatchObject({ code: 'NAC_REQUEST_FIELD', field: 'source' });
    expect((await sourceOfRun(states, { ...request, source: 'meraki' })).name).toBe('meraki');
    await expect(sourceOfRun(states, { ...request, source: 'other' })).rejects.toMatchObject({
      code: 'NAC_POLL_RUN_UNKNOWN',
    });
    expect(readReleaseRequest(JSON.stringify({ ...request, source: 'meraki' }))).toEqual({
      ...request,
      source: 'meraki',
    });
    expect(() => readReleaseRequest(JSON.stringify({ ...request, source: 'A|b' }))).toThrow('name of a source');
  });

  test('changes and marks that a killed process left of one wait for that one', async () => {
    const both = await start();
    const { intune, meraki } = both;
    const device = { ...ofMeraki(FLEET), complianceState: 'noncompliant' as const };
    const { devices } = stateOf(meraki);
    const stored = await devices.read(device);
    if (stored === undefined) throw new Error('the second source has stored it');
    const { etag, retiredIdentities, ...before } = stored;
    const record = { ...before, device, version: 2, observedAt: toInstant(intune.slow.clock.now()) };
    const change = describeChange(stored, record);
    await devices.write([{ record, retiredIdentities, mark: 'doubt', replaces: etag, ...(change && { change }) }]);
    await intune.slow.time.runUntil(intune.slow.time.now + HOUR_MS);
    expect(await swept(intune)).toBe('complete');
    expect(intune.changes).toEqual([]);
    expect(await Array.fromAsync(devices.pendingChanges())).toHaveLength(1);
    expect(await Array.fromAsync(devices.marks())).toHaveLength(1);
    expect(await swept(meraki)).toBe('complete');
    expect(meraki.changes.map(({ id }) => id)).toContain(device.id);
    expect(await Array.fromAsync(devices.pendingChanges())).toEqual([]);
  });

  test('changes between sweeps are counted for each breaker by itself', async () => {
    const both = await start();
    const { intune, meraki } = both;
    // Each less than ten, the breaker's least; together more.
    for (const run of [intune, meraki]) {
      const some = turned(run.tenant.devices.slice(0, 6));
      run.tenant.devices = [...some, ...run.tenant.devices.slice(6)];
      run.tenant.checkedIn = () => some;
    }
    await intune.slow.time.runUntil(intune.slow.time.now + 60_000);
    for (const run of [intune, meraki]) {
      expect((await run.tick()).kind).toBe('idle');
      expect(run.changes).toHaveLength(6);
      expect(events(run, 'poll.breaker-tripped')).toEqual([]);
    }
  });

  test('a source that is away waits by itself: the other keeps its interval', async () => {
    const both = await start();
    const { intune, meraki } = both;
    meraki.tenant.pages = () => {
      throw away();
    };
    for (let hours = 0; hours < 3; hours++) expect(await hour(both)).toEqual({ intune: 'complete', meraki: 'failed' });
    expect((await meraki.tick()).kind).toBe('waiting');
    expect((await stateOf(intune).sweeps.read()).state.stretch).toBe(1);
    expect((await stateOf(meraki).sweeps.read()).state.run?.failures).toBeGreaterThan(1);
    expect(await present(both)).toEqual([FLEET, FLEET]);
  });
});

describe('one tick for several sources', () => {
  const TIMEOUT_MS = 120_000;

  /** As the app opens it, without what only sessions need. */
  function toPoll(name: string, run: SweepTables): SourceToPoll {
    const { deps, limits, slow } = run;
    const log = collectingLogger().logger;
    const source = boundedSource(deps.source, slow.clock, deps.timer, 20_000);
    const unused = { outOfBand: true, reads: undefined, onAnswerable: async () => undefined };
    const opened = {
      deps: { ...deps, ...unused, source, log, answersDiffer: async () => limits.answersDiffer } as unknown as PollDeps,
      limits: { ...limits, reauthIntervalMs: HOUR_MS, fastLaneMs: undefined, asksLive: false },
    };
    return { name, open: async () => opened };
  }

  async function tickOf({ intune }: Both, sources: readonly SourceToPoll[]) {
    let sent = 0;
    const { logger, entries } = collectingLogger();
    await intune.slow.time.runUntil(intune.slow.time.now + HOUR_MS);
    const ended = await intune.slow.run(() =>
      poll(sources, { ...intune.deps, functionTimeoutMs: TIMEOUT_MS, log: logger }, async () => void sent++).catch(
        (thrown: Error) => thrown,
      ),
    );
    return { ...ended, sent, entries };
  }

  test('one that never answers takes no time from the other, and what was decided goes out', async () => {
    const both = await start();
    const { intune, meraki } = both;
    meraki.tenant.pageAfterMs = Number.MAX_SAFE_INTEGER;
    const gone = intune.tenant.devices.pop();
    for (let ticks = 0; ticks < 2; ticks++) {
      const { result, tookMs, sent } = await tickOf(both, [toPoll('meraki', meraki), toPoll('intune', intune)]);
      expect(result).toMatchObject({ kind: 'failed', error: { code: 'NAC_SOURCE_UNREACHABLE', source: 'meraki' } });
      expect(tookMs).toBeLessThan(TIMEOUT_MS);
      expect(sent).toBe(1);
    }
    expect(intune.changes.map(({ id }) => id)).toEqual([gone?.id]);
  });

  test('one that cannot be opened, and one whose row cannot be written, keep no other from its sweep', async () => {
    const both = await start();
    const { intune, meraki } = both;
    const broken = (name: string): SourceToPoll => ({
      name,
      open: async () => {
        throw new Error(`${name} cannot be opened`);
      },
    });
    const sources = [broken('a'), toPoll('intune', intune), broken('b'), toPoll('meraki', meraki)];
    const { result, sent, entries } = await tickOf(both, sources);
    expect(result).toMatchObject({ kind: 'failed' });
    expect(entries.map(({ event, fields }) => `${event} ${fields['source']}: ${fields['message']}`).toSorted()).toEqual(
      ['poll.source-failed a: Unexpected: a cannot be opened', 'poll.source-failed b: Unexpected: b cannot be opened'],
    );
    expect(sent).toBe(1);
    for (const run of [intune, meraki]) expect((await run.tick()).kind).toBe('idle');
  });
});
