// Too much changing at once is held with the least permission, too: by the noncompliant list, by the reads that follow
// it and by the refresh, against a tenant that grants nothing else.

import { describe, expect, test } from 'vitest';
import { createApp } from '../../../shared/app.ts';
import { renderJson } from '../../../shared/lookup/render-answer.ts';
import { readSettings } from '../../../shared/settings.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import {
  askByCertificate,
  askByMac,
  type ComplianceTenant,
  HOUR_MS,
  idOf,
  MINUTE_MS,
  macOf,
  nextList,
  SLICE_MS,
  startCompliance,
} from '../../support/compliance-scenario.ts';
import { compliantDevices, heldMarks, operatorKey, setState, storedDevices } from '../../support/hold-scenario.ts';

/** Devices that have authenticated; ten of them at once are too many. */
const REASON = 'seen with the Intune team';
const MANY = 12;
const LIMITS = { MASS_CHANGE_DEVICES: '10', MASS_CHANGE_PERCENT: '10' };
/** Nothing but the list tells of changes. */
const LIST_ALONE = { ...LIMITS, COMPLIANCE_REAUTH_INTERVAL: '7d' };
/** Nothing but the refresh does, after the first list. */
const REFRESH_ALONE = { ...LIMITS, POLLING_INTERVAL: '24h' };

interface Started extends ComplianceTenant {
  readonly names: readonly string[];
}

/** Compliant devices that have authenticated are stored, and whatever changed so far is forgotten. */
async function startKnown(env: Readonly<Record<string, string>>): Promise<Started> {
  const started = await startCompliance({ fleetSize: 40 }, env);
  const { nac } = started;
  const names = compliantDevices(nac, MANY);
  for (const name of names) await askByCertificate(nac, idOf(nac, name), macOf(nac, name));
  await nac.app.poll(SLICE_MS);
  nac.changes.length = 0;
  return { ...started, names };
}

async function nextRound({ nac, clock }: ComplianceTenant): Promise<void> {
  clock.advance(2 * HOUR_MS + MINUTE_MS);
  await nac.app.poll(SLICE_MS);
}

async function expectStates({ nac, names }: Started, complianceState: string): Promise<void> {
  const records = await storedDevices(nac, names);
  expect(records.map(({ device }) => device.complianceState)).toEqual(names.map(() => complianceState));
}

function trips({ nac }: ComplianceTenant) {
  return nac.log.filter(({ event }) => event === 'poll.breaker-tripped');
}

describe('a noncompliant list that would turn more than the set share', () => {
  test('turns no device: records and answers stay, marked as held, and operators are alerted', async () => {
    await using started = await startKnown(LIST_ALONE);
    const { nac, names } = started;
    setState(nac, names, 'noncompliant');

    await nextList(started);

    expect(nac.changes).toEqual([]);
    for (const record of await storedDevices(nac, names)) {
      expect(record).toMatchObject({
        version: 1,
        device: { complianceState: 'compliant' },
        held: { device: { complianceState: 'noncompliant' } },
      });
    }
    const name = String(names[0]);
    const answer = renderJson(await askByCertificate(nac, idOf(nac, name), macOf(nac, name)));
    expect(answer).toMatchObject({ standing: 'compliant', source: 'held' });
    expect(trips(started)).toMatchObject([{ level: 'error', fields: { flips: MANY, absences: 0 } }]);
    const { held } = await nac.app.pollStatus(await operatorKey(nac));
    expect(held).toMatchObject([{ flips: MANY, absences: 0, changing: MANY }]);
    expect(held[0]?.known).toBeGreaterThanOrEqual(MANY);
  });

  test('is let through by a person, with the next tick', async () => {
    await using started = await startKnown(LIST_ALONE);
    const { nac, clock, names } = started;
    setState(nac, names, 'noncompliant');
    await nextList(started);
    const key = await operatorKey(nac);
    const runId = String((await nac.app.pollStatus(key)).held[0]?.runId);

    await nac.app.releaseHeld(key, JSON.stringify({ runId, reason: REASON }));
    expect(nac.changes).toEqual([]);
    clock.advance(MINUTE_MS);
    await nac.app.poll(SLICE_MS);

    expect(nac.changes.map(({ id }) => id).sort()).toEqual(names.map((name) => idOf(nac, name)).sort());
    await expectStates(started, 'noncompliant');
    expect((await nac.app.pollStatus(key)).held).toEqual([]);
    await nextList(started);
    expect(nac.changes).toHaveLength(MANY);
    expect(trips(started)).toHaveLength(1);
  });

  test('is forgotten when a later list does not say so any more', async () => {
    await using started = await startKnown(LIST_ALONE);
    const { nac, names } = started;
    setState(nac, names, 'noncompliant');
    await nextList(started);
    const first = await heldMarks(nac);
    expect(first).toHaveLength(MANY);
    await nextList(started);
    expect(await heldMarks(nac), 'still under the name an operator may release').toEqual(first);
    setState(nac, names, 'compliant');

    await nextList(started);

    expect(nac.changes).toEqual([]);
    expect(await heldMarks(nac)).toEqual([]);
    await expectStates(started, 'compliant');
    for (const record of await storedDevices(nac, names)) expect(record).not.toHaveProperty('held');
    expect((await nac.app.pollStatus(await operatorKey(nac))).held).toEqual([]);
  });

  test('counts once so few devices are left on it that it is no mass change', async () => {
    await using started = await startKnown(LIST_ALONE);
    const { nac, names } = started;
    setState(nac, names, 'noncompliant');
    await nextList(started);
    setState(nac, names.slice(3), 'compliant');

    await nextList(started);

    const left = names.slice(0, 3).map((name) => idOf(nac, name));
    expect(nac.changes.map(({ id }) => id).sort()).toEqual(left.sort());
    expect(await heldMarks(nac)).toEqual([]);
  });

  test('is held whichever way devices turn: too many that left it stay noncompliant', async () => {
    await using started = await startKnown(LIST_ALONE);
    const { nac, names } = started;
    const key = await operatorKey(nac);
    setState(nac, names, 'noncompliant');
    await nextList(started);
    const { held } = await nac.app.pollStatus(key);
    await nac.app.releaseHeld(key, JSON.stringify({ runId: held[0]?.runId, reason: REASON }));
    await nac.app.poll(SLICE_MS);
    expect(nac.changes).toHaveLength(MANY);
    nac.changes.length = 0;
    setState(nac, names, 'compliant');

    await nextList(started);

    expect(nac.changes).toEqual([]);
    await expectStates(started, 'noncompliant');
    expect(trips(started).at(-1)).toMatchObject({ fields: { flips: MANY } });
  });

  test('counts with the next round where the run broke off: what it saw is not lost', async () => {
    await using started = await startCompliance({ fleetSize: 40 }, LIMITS);
    const { nac } = started;
    // Known by their addresses, which is how the list names them.
    const names = compliantDevices(nac, 5);
    for (const name of names) await askByMac(nac, macOf(nac, name));
    await nac.app.poll(SLICE_MS);
    nac.changes.length = 0;
    setState(nac, names, 'noncompliant');
    // The store goes away once the list is saved, when the sessions are looked through.
    nac.storage.beforeEach = ({ table }) => (table === 'sessions' ? 'drop' : 'pass');
    await expect(nextList(started)).rejects.toMatchObject({ code: 'NAC_STORE_UNAVAILABLE' });
    expect(nac.changes).toEqual([]);
    expect(await heldMarks(nac)).toHaveLength(names.length);

    nac.storage.beforeEach = () => 'pass';
    await nextRound(started);
    expect(nac.tenant.stats().requests.complianceList).toBe(2);
    expect(nac.changes.map(({ after }) => after.complianceState)).toEqual(names.map(() => 'noncompliant'));
    expect(await heldMarks(nac)).toEqual([]);
  });

  test('is contradicted by reads of the devices: what it said is held no more', async () => {
    await using started = await startKnown(LIMITS);
    const { nac, names } = started;
    setState(nac, names, 'noncompliant');
    await nextList(started);
    expect(await heldMarks(nac)).toHaveLength(MANY);
    setState(nac, names, 'compliant');

    started.clock.advance(31 * MINUTE_MS);
    await nac.app.poll(SLICE_MS);

    expect(await heldMarks(nac)).toEqual([]);
    expect(nac.changes).toEqual([]);
    await expectStates(started, 'compliant');
  });
});

describe('a refresh that would turn or lose more than the set share', () => {
  test('turns no device, and a person lets the round through', async () => {
    await using started = await startKnown(REFRESH_ALONE);
    const { nac, clock, names } = started;
    setState(nac, names, 'noncompliant');
    await nextRound(started);
    expect(nac.tenant.stats().requests.complianceList).toBe(1);
    expect(nac.changes).toEqual([]);
    await expectStates(started, 'compliant');

    const key = await operatorKey(nac);
    const { held } = await nac.app.pollStatus(key);
    expect(held).toMatchObject([{ flips: MANY, absences: 0 }]);
    await nac.app.releaseHeld(key, JSON.stringify({ runId: held[0]?.runId, reason: REASON }));
    clock.advance(MINUTE_MS);
    await nac.app.poll(SLICE_MS);
    expect(nac.changes).toHaveLength(MANY);
    await expectStates(started, 'noncompliant');
  });

  test('loses no device, however often it says so, until a person lets it through', async () => {
    await using started = await startKnown(REFRESH_ALONE);
    const { nac, clock, names } = started;
    const ids = names.map((name) => idOf(nac, name));
    for (const name of names) nac.tenant.fleet.remove(name);
    for (let round = 0; round < 4; round++) await nextRound(started);
    expect(nac.changes).toEqual([]);
    expect((await heldMarks(nac)).map(({ held }) => held?.what)).toEqual(names.map(() => 'absence'));

    const key = await operatorKey(nac);
    const { held } = await nac.app.pollStatus(key);
    expect(held).toMatchObject([{ flips: 0, absences: MANY }]);
    await nac.app.releaseHeld(key, JSON.stringify({ runId: held[0]?.runId, reason: REASON }));
    clock.advance(MINUTE_MS);
    await nac.app.poll(SLICE_MS);
    expect(nac.changes.map(({ id }) => id).sort()).toEqual(ids.sort());
    expect(nac.changes.every(({ after }) => after.presence === 'gone')).toBe(true);
  });

  test('lets nothing through before its end: what an interrupted round saw waits for the rest', async () => {
    await using started = await startKnown(REFRESH_ALONE);
    const { nac, clock, names } = started;
    setState(nac, names, 'noncompliant');
    nac.tenant.script({ target: 'complianceDevice', skip: 8, status: 503, times: 4 });
    await nextRound(started);
    expect(await heldMarks(nac), 'what the first eight answers said').toHaveLength(8);
    expect(nac.changes).toEqual([]);

    clock.advance(HOUR_MS);
    await nac.app.poll(SLICE_MS);
    expect(nac.changes).toEqual([]);
    const { held } = await nac.app.pollStatus(await operatorKey(nac));
    expect(held, 'all under the name of the one round').toMatchObject([{ flips: MANY }]);
  });

  test('that was killed while what turned is handed on goes on with the rest', async () => {
    await using started = await startKnown(REFRESH_ALONE);
    const { nac, clock, names } = started;
    const few = names.slice(0, 5);
    setState(nac, few, 'noncompliant');
    const onChange = (): Promise<never> => Promise.reject(new Error('killed here'));
    const killed = createApp(readSettings(nac.env), { ...nac.overrides, log: collectingLogger().logger, onChange });
    clock.advance(2 * HOUR_MS + MINUTE_MS);
    await expect(killed.poll(SLICE_MS)).rejects.toThrow('killed here');
    await killed.close();
    expect(nac.changes).toEqual([]);

    clock.advance(HOUR_MS);
    await nac.app.poll(SLICE_MS);
    expect(new Set(nac.changes.map(({ id }) => id))).toEqual(new Set(few.map((name) => idOf(nac, name))));
    await expectStates({ ...started, names: few }, 'noncompliant');
    expect(await heldMarks(nac)).toEqual([]);
  });
});
