// With the least permission there is no sweep: a tenant that grants only get_device_compliance and
// Application.Read.All, asked over HTTPS, and the store in memory.

import { describe, expect, test } from 'vitest';
import { createApp } from '../../../shared/app.ts';
import type { LookupAnswer } from '../../../shared/lookup/answer-lookup.ts';
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
import { operatorKey } from '../../support/hold-scenario.ts';

/** Until the first answer came in time: by then the service is found, and whatever is loaded on first use is there. */
async function warmUp({ nac, clock }: ComplianceTenant): Promise<void> {
  await nac.app.poll(SLICE_MS);
  for (let attempt = 0; attempt < 20; attempt++) {
    await askByCertificate(nac, '00000000-0000-4000-8000-00000000dead');
    if (nac.tenant.stats().requests.complianceDevice > 0) break;
    clock.advance(11_000);
  }
  clock.advance(11_000);
}

function standings(answer: LookupAnswer): readonly unknown[] {
  const { standing, role, source } = renderJson(answer);
  return [standing, role, source];
}

describe('a tenant that grants the least, from nothing', () => {
  test('answers by certificate at once, stores the device, and hears of its change through the list', async () => {
    // Nothing but the list tells of the change.
    await using started = await startCompliance({}, { COMPLIANCE_REAUTH_INTERVAL: '7d' });
    const { nac } = started;
    await warmUp(started);
    const id = idOf(nac, 'NAC-00001');
    const mac = macOf(nac, 'NAC-00001');

    expect(standings(await askByCertificate(nac, id, mac))).toEqual(['compliant', 'compliant', 'live']);
    expect(await nac.devices.read({ source: 'intune', id })).toBeUndefined();

    await nac.app.poll(SLICE_MS);
    expect(await nac.devices.read({ source: 'intune', id })).toMatchObject({
      presence: 'present',
      device: { complianceState: 'compliant' },
    });
    const asked = nac.tenant.stats().requests.complianceDevice;
    expect(standings(await askByCertificate(nac, id, mac))).toEqual(['compliant', 'compliant', 'store']);
    expect(nac.tenant.stats().requests.complianceDevice).toBe(asked);

    nac.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });
    nac.changes.length = 0;
    await nextList(started);
    expect(nac.changes.filter((change) => change.id === id)).toMatchObject([
      { before: { complianceState: 'compliant' }, after: { complianceState: 'noncompliant' } },
    ]);
    expect(standings(await askByCertificate(nac, id, mac))).toEqual(['noncompliant', 'quarantine', 'store']);
    expect(nac.tenant.stats().requests).toMatchObject({ page: 0, device: 0, batch: 0 });
  });

  test('shows operators when the list was asked for and how the rounds go', async () => {
    await using started = await startCompliance();
    const { nac, clock } = started;
    const key = await operatorKey(nac);
    const { noncompliantList, refresh, lastComplete } = await nac.app.pollStatus(key);
    expect([noncompliantList, refresh, lastComplete]).toEqual([undefined, undefined, undefined]);

    await askByMac(nac, macOf(nac, 'NAC-00001'));
    const before = clock.now().toISOString();
    await nac.app.poll(SLICE_MS);
    const status = await nac.app.pollStatus(key);
    const { value } = nac.tenant.fleet.list({ limit: 1000 });
    const listed = value.filter(({ complianceState }) => complianceState === 'noncompliant').length;
    expect(status.noncompliantList).toMatchObject({ failures: 0, lastComplete: { listed } });
    expect(status.noncompliantList?.lastComplete?.askedAt ?? '').toSatisfy((at: string) => at >= before);
    expect(status.refresh).toMatchObject({ failures: 0, lastComplete: { read: 1 } });
    expect(status.runs).toEqual([]);
  });

  test('stores devices that authenticate by MAC address, too', async () => {
    await using started = await startCompliance();
    const { nac, clock } = started;
    const mac = macOf(nac, 'NAC-00001');
    expect(standings(await askByMac(nac, mac))).toEqual(['notEnrolled', 'quarantine', 'store']);
    await nac.app.poll(SLICE_MS);
    expect(standings(await askByMac(nac, mac))).toEqual(['compliant', 'compliant', 'store']);

    // Once the service tells the id, the device is known by it, and only by it.
    nac.tenant.behave({ macAnswerIdentifiers: 'both' });
    clock.advance(3 * HOUR_MS);
    await nac.app.poll(SLICE_MS);
    const answer = await askByMac(nac, mac);
    expect(answer.decision).toMatchObject({ standing: 'compliant', device: { id: idOf(nac, 'NAC-00001') } });
  });

  test('reads a device that left the list before it counts as compliant', async () => {
    await using started = await startCompliance({}, { COMPLIANCE_REAUTH_INTERVAL: '7d' });
    const { nac } = started;
    await warmUp(started);
    const id = idOf(nac, 'NAC-00002');
    expect(standings(await askByCertificate(nac, id))).toEqual(['noncompliant', 'quarantine', 'live']);
    await nac.app.poll(SLICE_MS);

    // The list is short, and says nothing of a device that is still not compliant.
    nac.tenant.script({ target: 'complianceList', body: '<ise_api><name>attributes</name></ise_api>' });
    const before = nac.tenant.stats().requests.complianceDevice;
    await nextList(started);
    expect(nac.tenant.stats().requests.complianceDevice).toBe(before + 1);
    expect(standings(await askByCertificate(nac, id))).toEqual(['noncompliant', 'quarantine', 'store']);

    nac.tenant.fleet.patch('NAC-00002', { complianceState: 'compliant' });
    await nextList(started);
    expect(standings(await askByCertificate(nac, id))).toEqual(['compliant', 'compliant', 'store']);
  });

  test('reads devices that have authenticated again before what is stored grows too old', async () => {
    await using started = await startCompliance();
    const { nac, clock } = started;
    await warmUp(started);
    const id = idOf(nac, 'NAC-00001');
    await askByCertificate(nac, id);
    await nac.app.poll(SLICE_MS);

    const observed: string[] = [];
    for (let halfHour = 0; halfHour < 8; halfHour++) {
      clock.advance(30 * MINUTE_MS);
      await nac.app.poll(SLICE_MS);
      const record = await nac.devices.read({ source: 'intune', id });
      observed.push(String(record?.observedAt));
      expect(clock.now().getTime() - Date.parse(String(record?.observedAt))).toBeLessThan(2 * HOUR_MS + MINUTE_MS);
    }
    expect(new Set(observed).size).toBeGreaterThanOrEqual(2);
    expect(new Set(observed).size).toBeLessThanOrEqual(4);
  });

  test('believes that a device is gone after two reads, not after one', async () => {
    await using started = await startCompliance();
    const { nac, clock } = started;
    await warmUp(started);
    const id = idOf(nac, 'NAC-00001');
    await askByCertificate(nac, id);
    await nac.app.poll(SLICE_MS);

    nac.tenant.fleet.remove('NAC-00001');
    clock.advance(2 * HOUR_MS);
    await nac.app.poll(SLICE_MS);
    expect(standings(await askByCertificate(nac, id))).toEqual(['compliant', 'compliant', 'stale']);
    clock.advance(31 * MINUTE_MS);
    await nac.app.poll(SLICE_MS);
    expect(standings(await askByCertificate(nac, id))[0]).toBe('notEnrolled');
  });
});

describe('the four-hour wall', () => {
  test('is never run into, whatever the polling interval, also after a restart', async () => {
    await using started = await startCompliance({}, { POLLING_INTERVAL: '10m' });
    const { nac, clock } = started;
    const onChange = async (): Promise<void> => undefined;
    for (let tick = 0; tick < 24; tick++) {
      // Every other tick in a process that has just started.
      const fresh = createApp(readSettings(nac.env), { ...nac.overrides, log: collectingLogger().logger, onChange });
      await (tick % 2 === 0 ? nac.app : fresh).poll(SLICE_MS);
      await fresh.close();
      clock.advance(30 * MINUTE_MS);
    }
    expect(nac.tenant.stats().requests.complianceList).toBe(3);
    expect(nac.log.filter(({ event }) => event === 'noncompliant.failed')).toEqual([]);
  });

  test.each([['none' as const], ['seconds' as const], ['date' as const]])(
    'that another program ran into is respected: Retry-After %s',
    async (complianceWallRetryAfter) => {
      await using started = await startCompliance();
      const { nac, clock } = started;
      nac.tenant.behave({ complianceWallRetryAfter });
      nac.tenant.script({ target: 'complianceList', status: 503 });
      await nac.app.poll(SLICE_MS);
      expect(nac.log.filter(({ event }) => event === 'noncompliant.failed')).toMatchObject([
        { fields: { code: 'NAC_SOURCE_THROTTLED' } },
      ]);
      for (let tick = 0; tick < 7; tick++) {
        clock.advance(30 * MINUTE_MS);
        await nac.app.poll(SLICE_MS);
      }
      expect(nac.tenant.stats().requests.complianceList).toBe(1);
      clock.advance(HOUR_MS + MINUTE_MS);
      await nac.app.poll(SLICE_MS);
      expect(nac.tenant.stats().requests.complianceList).toBe(2);
    },
  );

  test('does not stand where the list was never asked for: a missing consent is tried again', async () => {
    await using started = await startCompliance({ roles: { graph: ['Application.Read.All'], intune: [] } });
    const { nac, clock } = started;
    await nac.app.poll(SLICE_MS);
    clock.advance(10 * MINUTE_MS);
    await nac.app.poll(SLICE_MS);
    expect(nac.tenant.stats().requests.complianceList).toBe(2);
    const failures = nac.log.filter(({ event }) => event === 'noncompliant.failed');
    expect(failures[0]?.fields['action']).toContain('get_device_compliance');
  });
});
