// Sessions that rest on no record are looked at range by range: however many there are, and however long none was
// looked at.

import { describe, expect, test } from 'vitest';
import { toInstant } from '../../../../shared/domain/instant.ts';
import type { Session } from '../../../../shared/domain/session/session.ts';
import { SourceError, StoreError } from '../../../../shared/errors.ts';
import { readMassChange } from '../../../../shared/polling/breaker/mass-change.ts';
import {
  STORE_LIVE_TASK,
  type StoreLiveState,
  storeLiveDevices,
} from '../../../../shared/polling/point-reads/store-live-devices.ts';
import { readTask } from '../../../../shared/polling/tasks/leased-task.ts';
import { aDeviceOfFleet } from '../../../support/a-device.ts';
import { aDecision, aSession } from '../../../support/a-session.ts';
import { collectedTelemetry } from '../../../support/collected-telemetry.ts';
import { type ComplianceTables, complianceTables } from '../../../support/compliance-tables.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const LIMITS = { leaseMs: 180_000, budgetMs: 24_000 };

/** An answer to a station that names no device, or one that the service was asked about while it waited. */
async function answered(
  run: ComplianceTables,
  number: number,
  agoMs: number,
  deviceId?: string,
  live?: 'live',
): Promise<void> {
  const id = number.toString(16).padStart(4, '0').split('').reverse().join('').padEnd(20, '0');
  const decidedAt = toInstant(new Date(run.slow.time.now - agoMs));
  const { device: _, ...decision } = aDecision({ id: `${id}-m1x2y3`, decidedAt });
  const identities = deviceId
    ? [{ kind: 'deviceId' as const, value: deviceId, assurance: 'certificate-guid' as const, origin: 'SAN' }]
    : [];
  const presented = { authenticated: true, identities: identities as never, problems: [] };
  const key = { source: 'intune', id: deviceId ?? '' };
  const device = { ...key, version: 0, identity: identities[0] as never, asOf: decidedAt, live: true as const };
  const answer = live ? { ...decision, device } : decision;
  await run.atOnce.sessions.writeDecision(aSession({ id, decision: answer, presented }));
}

const storeLive = (run: ComplianceTables) =>
  run.slow.run(() => storeLiveDevices({ ...run.deps, onAnswerable: async () => undefined }, LIMITS));
const sinceOf = async ({ atOnce }: ComplianceTables): Promise<string> =>
  (await readTask<StoreLiveState>(atOnce.tasks, STORE_LIVE_TASK)).state?.since ?? '';

describe('sessions without a record', () => {
  test('of which none waits are passed by, and not looked at with every tick', async () => {
    const run = complianceTables();
    for (let number = 0; number < 200; number++) await answered(run, number, (number % 20) * HOUR_MS);
    await storeLive(run);
    expect(Date.parse(await sinceOf(run))).toBeGreaterThan(run.slow.time.now - 10 * MINUTE_MS);
    await run.slow.time.runUntil(run.slow.time.now + MINUTE_MS);
    run.slow.calls.clear();
    expect((await storeLive(run)).result).toBe('idle');
    expect(run.slow.calls.get('sessions.getEntity') ?? 0).toBeLessThan(20);
  });

  test('are all looked at, and a killed or slow tick goes on behind those that are done', async () => {
    const run = complianceTables();
    const ids = Array.from({ length: 900 }, (_, number) => aDeviceOfFleet(number).id);
    for (const [number, id] of ids.entries()) await answered(run, number, (number % 20) * HOUR_MS, id);
    run.service.compliantNow = () => true;
    let ticks = 0;
    for (; run.askedDevices.length < ids.length && ticks < 20; ticks++) {
      const { tookMs } = await storeLive(run);
      expect(tookMs).toBeLessThan(LIMITS.budgetMs + 20_000);
      await run.slow.time.runUntil(run.slow.time.now + MINUTE_MS);
    }
    expect(ticks).toBeGreaterThan(1);
    expect(run.askedDevices.toSorted()).toEqual(ids.toSorted());
  });

  test('whose devices the service does not know are not asked about again because the time was over', async () => {
    const run = complianceTables();
    const ids = Array.from({ length: 700 }, (_, number) => aDeviceOfFleet(number).id);
    for (const [number, id] of ids.entries()) await answered(run, number, MINUTE_MS, id);
    for (let tick = 0; tick < 5; tick++) {
      await storeLive(run);
      await run.slow.time.runUntil(run.slow.time.now + MINUTE_MS);
    }
    expect(run.askedDevices.toSorted()).toEqual(ids.toSorted());
  });

  test('that the service let in by its own word lose it as soon as the service takes it back', async () => {
    const run = complianceTables();
    const { id } = aDeviceOfFleet(1);
    const presenceOf = async () => (await run.atOnce.devices.read({ source: 'intune', id }))?.presence;
    // It is asked about before it enrols, and again after it has left: the first "no such device" is older than the
    // word.
    await answered(run, 1, MINUTE_MS, id);
    await storeLive(run);
    expect(await presenceOf()).toBeUndefined();
    for (const turn of [1, 2]) {
      await run.slow.time.runUntil(run.slow.time.now + 3 * MINUTE_MS);
      await answered(run, 1, 0, id, 'live');
      await run.slow.time.runUntil(run.slow.time.now + MINUTE_MS);
      await storeLive(run);
      const record = await run.atOnce.devices.read({ source: 'intune', id });
      expect(record).toMatchObject({ presence: 'gone', version: turn });
      expect(run.changes.at(-1)).toMatchObject({ id, version: turn, after: { presence: 'gone' } });
    }
  });

  test('are compared where the device has been stored meanwhile, which is no change', async () => {
    const run = complianceTables();
    const device = aDeviceOfFleet(1);
    run.service.compliantNow = () => true;
    await answered(run, 1, MINUTE_MS, device.id, 'live');
    await run.store([{ ...device, complianceState: 'noncompliant' }]);
    const compared: string[] = [];
    const deps = { ...run.deps, onAnswerable: async ({ id }: Session) => void compared.push(id) };
    await run.slow.run(() => storeLiveDevices(deps, LIMITS));
    expect(compared).toHaveLength(1);
  });

  test('whose change could not be handed on have it handed on with the next tick', async () => {
    const run = complianceTables();
    const { id } = aDeviceOfFleet(1);
    await answered(run, 1, MINUTE_MS, id, 'live');
    const failing = {
      ...run.deps,
      onAnswerable: async () => undefined,
      onChange: async () => {
        throw new StoreError('NAC_STORE_UNAVAILABLE', 'away', { action: 'Wait.' });
      },
    };
    await expect(run.slow.run(() => storeLiveDevices(failing, LIMITS))).rejects.toThrow('away');
    expect(await readMassChange(run.atOnce.tasks)).toMatchObject({ changesLeft: true });
    await run.slow.time.runUntil(run.slow.time.now + 4 * MINUTE_MS);
    expect(run.changes).toEqual([]);
    await storeLive(run);
    expect(run.changes).toMatchObject([{ id, after: { presence: 'gone' } }]);
  });

  test('whose service asks to slow down are counted as such', async () => {
    const { telemetry, points } = collectedTelemetry();
    const run = complianceTables(telemetry);
    await answered(run, 1, MINUTE_MS, aDeviceOfFleet(1).id);
    run.service.compliantNow = () => {
      throw new SourceError('NAC_SOURCE_UNAVAILABLE', 'away for a while', { action: 'Wait.', retryAfterMs: 5_000 });
    };
    await storeLive(run);
    expect((await points()).get('nac.source.throttled')).toEqual([{ labels: { 'nac.source': 'intune' }, value: 1 }]);
  });
});
