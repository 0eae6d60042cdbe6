// The poll against the simulated tenant (HTTPS, MSAL, paging) through the unmodified SDKs. What is about rows and
// writes has Azurite; the rest, tables in memory.

import { describe, expect, test } from 'vitest';
import { createClientCertificate } from '../../../local/certificates/client-certificate.ts';
import { SHARDS } from '../../../shared/domain/device/device.ts';
import type { DeviceChange } from '../../../shared/domain/device/device-change.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';
import { readHeld, storeContents } from '../../support/store-contents.ts';

/** Longer than any test; slices are cut short where a test says so. */
const SLICE_MS = 120_000;
const HOUR_MS = 3_600_000;

/** The next point reads fail. */
const NO_POINT_READS = { target: 'batch', status: 503, body: '' } as const;

async function pollAgain({ app, clock }: ConnectorFixture) {
  clock.advance(HOUR_MS);
  return app.poll(SLICE_MS);
}

function writesTo({ storage }: ConnectorFixture, ...tables: string[]): number {
  return storage.requests.filter(({ table }) => tables.includes(table)).reduce((sum, { writes }) => sum + writes, 0);
}

async function pending({ devices }: ConnectorFixture): Promise<DeviceChange[]> {
  return Array.fromAsync(devices.pendingChanges());
}

function stored({ devices, tenant }: ConnectorFixture, name: string) {
  return devices.read({ source: 'intune', id: tenant.fleet.get(name).id });
}

describe('the first poll', () => {
  test('stores every device of every page, with pointers and nothing pending', async () => {
    await using nac = await startConnector({ tenant: { fleetSize: 500, pageSize: 120 } });

    expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'complete' });

    const contents = await storeContents(nac.tables);
    expect(contents.devices).toHaveLength(500);
    expect(contents.devices.every(({ indexed, presence }) => indexed && presence === 'present')).toBe(true);
    expect(await pending(nac)).toEqual([]);
    expect(nac.tenant.stats().requests.page).toBe(5);
    expect(await readHeld(nac.tables)).toEqual(contents.claimed);
    const [run] = await nac.sweeps.listRuns(1);
    expect(run).toMatchObject({ result: 'complete', pages: 5, devices: 500, saved: 500, rejected: 0, gone: 0 });
  });

  test('signs in with a certificate as well as with a secret', async () => {
    const { certificatePem, privateKeyPem } = await createClientCertificate();
    await using nac = await startConnector({
      store: 'memory',
      tenant: { fleetSize: 3, clientCertificatePem: certificatePem },
      env: { ENTRA_CLIENT_SECRET: '', ENTRA_CLIENT_CERTIFICATE: `${certificatePem}\n${privateKeyPem}` },
    });

    expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'complete' });
    expect((await storeContents(nac.tables)).devices).toHaveLength(3);
  });

  test('lists both holders of a shared dock, and points at no random address', async () => {
    await using nac = await startConnector({ store: 'memory' });
    await nac.app.poll(SLICE_MS);

    const [third, fourth, random] = ['NAC-00003', 'NAC-00004', 'NAC-00006'].map((name) => nac.tenant.fleet.get(name));
    const dock = String(third?.wiFiMacAddress).toLowerCase();
    expect([...(await nac.identities.readOwners({ kind: 'mac', value: dock })).devices].sort()).toEqual(
      [third, fourth].map((device) => `intune|${device?.id}`).sort(),
    );
    const randomMac = String(random?.wiFiMacAddress).toLowerCase();
    expect((await nac.identities.readOwners({ kind: 'mac', value: randomMac })).devices).toEqual([]);
  });
});

describe('a poll without changes', () => {
  test('writes its own run record and nothing else', async () => {
    await using nac = await startConnector({ tenant: { fleetSize: 300, pageSize: 100 } });
    await nac.app.poll(SLICE_MS);
    const before = await storeContents(nac.tables);
    nac.storage.requests.length = 0;

    expect(await pollAgain(nac)).toEqual({ kind: 'complete' });

    expect(writesTo(nac, 'devices', 'identities', 'sessions', 'clients')).toBe(0);
    // The lease taken, renewed with each of the three pages, given back; and the record of the run.
    const sweep = 6;
    // Where Intune's compliance service is: found again every quarter of an hour, the lease of that taken and given
    // back.
    const serviceAddress = 2;
    expect(writesTo(nac, 'polling')).toBe(sweep + serviceAddress);
    expect(nac.storage.requests.filter(({ table, method }) => table === 'polling' && method === 'POST')).toEqual([]);
    expect(await storeContents(nac.tables)).toEqual(before);
  });

  test.each([
    ['off', 0],
    // Who waits to be compliant: one read in each partition of decisions.
    ['15m', 16],
  ])(
    'does nothing but look before the polling interval is over, with FAST_LANE %s',
    async (FAST_LANE, decisionReads) => {
      await using nac = await startConnector({ env: { FAST_LANE } });
      await nac.app.poll(SLICE_MS);
      nac.storage.requests.length = 0;

      expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'idle' });
      const asked = nac.storage.requests.map(({ method, table }) => `${method} ${table}`);
      // Which sources were polled before, first of all. Then: when an instance last found Intune's service, whether a
      // person has released something, the sweep's checkpoint, whether a device is to be read again, when sessions that
      // rest on no record were last looked for, and those: one query a partition. At last when the list for Cisco ISE
      // was looked through.
      const usual = [
        ...new Array(4).fill('GET polling'),
        ...new Array(SHARDS.length).fill('GET sessions'),
        'GET polling',
      ];
      expect(asked).toEqual(['GET polling', 'GET polling', ...new Array(decisionReads).fill('GET sessions'), ...usual]);
      expect(nac.storage.requests.reduce((sum, { writes }) => sum + writes, 0)).toBe(0);
    },
  );
});

describe('a changed device', () => {
  test('is the only one written, in one transaction with its change', async () => {
    await using nac = await startConnector({ tenant: { fleetSize: 100 } });
    await nac.app.poll(SLICE_MS);
    nac.changes.length = 0;
    nac.storage.requests.length = 0;
    nac.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });

    await pollAgain(nac);

    expect(nac.changes).toMatchObject([
      {
        id: nac.tenant.fleet.get('NAC-00001').id,
        version: 2,
        before: { complianceState: 'compliant' },
        after: { complianceState: 'noncompliant' },
        fields: ['complianceState'],
      },
    ]);
    const deviceWrites = nac.storage.requests.filter(({ table, writes }) => table === 'devices' && writes > 0);
    // The record, its change, and its place in the list of noncompliant devices; then the change has been handed on.
    expect(deviceWrites).toEqual([
      { method: 'BATCH', table: 'devices', writes: 3 },
      { method: 'BATCH', table: 'devices', writes: 1 },
    ]);
    expect(writesTo(nac, 'identities')).toBe(0);
    expect((await stored(nac, 'NAC-00001'))?.device.complianceState).toBe('noncompliant');
  });

  test('takes its pointers along when its addresses and name change', async () => {
    await using nac = await startConnector({ store: 'memory' });
    await nac.app.poll(SLICE_MS);
    const old = nac.tenant.fleet.get('NAC-00001');
    nac.tenant.fleet.patch('NAC-00001', { wiFiMacAddress: 'A4BB6D010203', deviceName: 'Kühlraum / Büro #1?' });

    await pollAgain(nac);

    const key = `intune|${old.id}`;
    expect((await nac.identities.readOwners({ kind: 'mac', value: 'a4bb6d010203' })).devices).toEqual([key]);
    expect((await nac.identities.readOwners({ kind: 'name', value: 'kühlraum / büro #1?' })).devices).toEqual([key]);
    expect((await nac.identities.readOwners({ kind: 'name', value: 'nac-00001' })).devices).toEqual([]);
    const oldMac = String(old.wiFiMacAddress).toLowerCase();
    expect((await nac.identities.readOwners({ kind: 'mac', value: oldMac })).devices).toEqual([]);
  });

  test('is never overwritten by an older observation', async () => {
    await using nac = await startConnector({ store: 'memory' });
    await nac.app.poll(SLICE_MS);
    const current = await stored(nac, 'NAC-00001');
    if (current === undefined) throw new Error('NAC-00001 is not stored');
    // Another writer observed it later than the poll that is about to run.
    const later = new Date(Date.now() + 5 * HOUR_MS).toISOString();
    await nac.devices.write([
      { record: { ...current, version: 7, observedAt: later }, retiredIdentities: [], replaces: current.etag },
    ]);
    nac.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });

    await pollAgain(nac);
    expect(await stored(nac, 'NAC-00001')).toMatchObject({ version: 7, device: { complianceState: 'compliant' } });

    nac.clock.advance(6 * HOUR_MS);
    await nac.app.poll(SLICE_MS);
    expect(await stored(nac, 'NAC-00001')).toMatchObject({ version: 8, device: { complianceState: 'noncompliant' } });
  });
});

describe('a device that is listed no more', () => {
  test('is gone at once when Intune answers 404 for it, and comes back with its next listing', async () => {
    await using nac = await startConnector({ store: 'memory' });
    await nac.app.poll(SLICE_MS);
    const device = nac.tenant.fleet.get('NAC-00002');
    nac.tenant.fleet.remove('NAC-00002');
    nac.changes.length = 0;

    await pollAgain(nac);
    expect(nac.changes).toMatchObject([{ id: device.id, fields: ['presence'], after: { presence: 'gone' } }]);
    expect((await nac.devices.read({ source: 'intune', id: device.id }))?.presence).toBe('gone');
    await pollAgain(nac);
    expect(nac.changes).toHaveLength(1);

    nac.tenant.fleet.add(device);
    await pollAgain(nac);
    expect(nac.changes[1]).toMatchObject({ id: device.id, after: { presence: 'present' } });
  });

  test('is gone after the second complete sweep without it, where the source cannot be asked for it', async () => {
    await using nac = await startConnector({ store: 'memory' });
    await nac.app.poll(SLICE_MS);
    const device = nac.tenant.fleet.get('NAC-00002');
    nac.tenant.fleet.remove('NAC-00002');
    nac.changes.length = 0;
    nac.tenant.script(NO_POINT_READS);

    await pollAgain(nac);
    expect(nac.changes).toEqual([]);
    expect(nac.log.filter(({ event }) => event === 'poll.point-reads-failed')).toHaveLength(1);
    await pollAgain(nac);
    expect(nac.changes).toMatchObject([{ id: device.id, fields: ['presence'], after: { presence: 'gone' } }]);
  });

  test('makes no answer look fresher than it is while it is only missing', async () => {
    await using nac = await startConnector({ store: 'memory' });
    await nac.app.poll(SLICE_MS);
    await pollAgain(nac);
    const confirmedAt = (await nac.sweeps.read()).state.lastComplete?.startedAt;
    const device = nac.tenant.fleet.get('NAC-00002');
    nac.tenant.fleet.remove('NAC-00002');
    nac.changes.length = 0;
    nac.tenant.script(NO_POINT_READS);

    await pollAgain(nac);
    const key = { source: 'intune', id: device.id };
    expect(await nac.devices.read(key)).toMatchObject({ presence: 'present', version: 1, confirmedUntil: confirmedAt });
    expect(nac.changes).toEqual([]);

    nac.tenant.fleet.add(device);
    await pollAgain(nac);
    expect((await nac.devices.read(key))?.confirmedUntil).toBeUndefined();
    expect(nac.changes).toEqual([]);
  });

  test('is not missed by a list that was short once', async () => {
    await using nac = await startConnector({ store: 'memory' });
    await nac.app.poll(SLICE_MS);
    nac.changes.length = 0;
    nac.tenant.script({ target: 'page', body: JSON.stringify({ value: [] }) });

    await pollAgain(nac);
    await pollAgain(nac);
    await pollAgain(nac);
    expect(nac.changes.filter(({ fields }) => fields.includes('presence'))).toEqual([]);
  });

  test('is not gone because of two empty lists: a point read finds it', async () => {
    await using nac = await startConnector({ store: 'memory' });
    await nac.app.poll(SLICE_MS);
    nac.tenant.script({ target: 'page', body: JSON.stringify({ value: [] }), times: 2 });

    await pollAgain(nac);
    await pollAgain(nac);
    const { devices } = await storeContents(nac.tables);
    expect(devices.every(({ presence, inDoubt }) => presence === 'present' && !inDoubt)).toBe(true);
  });

  test('is not gone because of any number of empty lists where the source cannot be asked', async () => {
    await using nac = await startConnector({ store: 'memory' });
    await nac.app.poll(SLICE_MS);
    nac.tenant.script({ target: 'page', body: JSON.stringify({ value: [] }), times: 4 });
    nac.tenant.script({ ...NO_POINT_READS, times: 4 });

    for (let sweep = 0; sweep < 4; sweep++) await pollAgain(nac);
    const { devices } = await storeContents(nac.tables);
    expect(devices.map(({ presence }) => presence)).toEqual(devices.map(() => 'present'));
    expect(devices.every(({ inDoubt }) => inDoubt)).toBe(true);
  });
});

describe('slices', () => {
  test('go on at the checkpoint and still count absences over the whole run', async () => {
    await using nac = await startConnector({ tenant: { fleetSize: 50, pageSize: 10 } });
    const slices = async (): Promise<string[]> => {
      const kinds: string[] = [];
      for (;;) {
        const { kind } = await nac.app.poll(0);
        kinds.push(kind);
        if (kind !== 'sliced') return kinds;
      }
    };
    const five = ['sliced', 'sliced', 'sliced', 'sliced', 'complete'];
    expect(await slices()).toEqual(five);
    nac.tenant.fleet.remove('NAC-00041');

    nac.clock.advance(HOUR_MS);
    nac.changes.length = 0;
    expect(await slices()).toEqual(five);
    expect(nac.changes).toMatchObject([{ after: { presence: 'gone' } }]);
    expect((await nac.sweeps.listRuns(1))[0]).toMatchObject({ slices: 5, pages: 5, devices: 49, gone: 1 });
  });

  test('of two instances never work at the same time; the second one waits for the lease', async () => {
    await using nac = await startConnector();
    const reached = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    nac.storage.beforeEach = async ({ table, writes }) => {
      if (table === 'devices' && writes > 0) {
        reached.resolve();
        await goOn.promise;
      }
      return 'pass' as const;
    };
    const first = nac.app.poll(SLICE_MS);
    await reached.promise;

    expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'leased' });
    nac.clock.advance(181_000);
    goOn.resolve();
    expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'complete' });
    // The first one finds its lease taken when it next writes the checkpoint.
    expect(await first).toEqual({ kind: 'lease-lost' });
    expect((await storeContents(nac.tables)).devices).toHaveLength(20);
  });
});

describe('answers that are not what they should be', () => {
  const junk = [
    [
      'a captive portal',
      { headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' },
      'NAC_SOURCE_PAGE',
      'body',
    ],
    ['truncated JSON', { body: '{"value":[{"id":"0f8f' }, 'NAC_SOURCE_PAGE', 'body'],
    ['a page without a list', { body: '{"value":{}}' }, 'NAC_SOURCE_PAGE', 'value'],
    [
      'a next page elsewhere',
      { body: '{"value":[],"@odata.nextLink":"https://evil.example/x"}' },
      'NAC_SOURCE_PAGE',
      '@odata.nextLink',
    ],
    ['a next link that is no text', { body: '{"value":[],"@odata.nextLink":7}' }, 'NAC_SOURCE_PAGE', '@odata.nextLink'],
    ['throttling', { status: 429, headers: { 'retry-after': '2.5' } }, 'NAC_SOURCE_THROTTLED', undefined],
    [
      'a 403 although the token carries the permission',
      { status: 403, body: '{"error":{"code":"Forbidden"}}' },
      'NAC_SOURCE_UNAVAILABLE',
      undefined,
    ],
    ['a gateway time-out', { status: 504, body: '' }, 'NAC_SOURCE_UNAVAILABLE', undefined],
  ] as const;

  test.each(junk)(
    '%s stops the slice with a code and stores nothing; the next attempt goes on',
    async (_, answer, code, field) => {
      await using nac = await startConnector({ store: 'memory' });
      nac.tenant.script({ target: 'page', ...answer });

      const result = await nac.app.poll(SLICE_MS);
      if (result.kind === 'failed') {
        expect(result.error).toMatchObject({ code, ...(field && { field }) });
        expect(result.error.action).not.toBe('');
      } else {
        expect.fail(`the slice ended as ${result.kind}`);
      }
      expect((await storeContents(nac.tables)).devices).toEqual([]);
      expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'waiting' });

      nac.clock.advance(10_000);
      expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'complete' });
      expect((await storeContents(nac.tables)).devices).toHaveLength(20);
    },
  );

  test('a run that fails and fails is given up as failed; the next one begins afresh and nothing is lost', async () => {
    await using nac = await startConnector({ store: 'memory', tenant: { pageSize: 8 } });
    await nac.app.poll(SLICE_MS);
    nac.clock.advance(HOUR_MS);
    nac.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });
    nac.tenant.script({ target: 'page', status: 503, body: '', headers: { 'retry-after': '600' }, times: 1000 });
    const begun = nac.clock.now().getTime();
    // Given up after a polling interval: until then the same run tries again.
    while (nac.clock.now().getTime() - begun < HOUR_MS) {
      expect(await nac.app.poll(SLICE_MS)).toMatchObject({ kind: 'failed' });
      expect(await nac.sweeps.listRuns(2)).toHaveLength(1);
      nac.clock.advance(13 * 60_000);
    }
    const { state: before } = await nac.sweeps.read();
    expect(await nac.app.poll(SLICE_MS)).toMatchObject({ kind: 'failed' });
    const [failed] = await nac.sweeps.listRuns(1);
    expect(failed).toMatchObject({ id: before.run?.id, result: 'failed', gone: 0, turned: 0 });
    expect(
      (await storeContents(nac.tables)).devices.every(({ presence, inDoubt }) => presence === 'present' && !inDoubt),
    ).toBe(true);
    expect((await nac.sweeps.read()).state.lastComplete?.runId).toBe(before.lastComplete?.runId);

    nac.tenant.clearScripts();
    nac.clock.advance(13 * 60_000);
    expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'complete' });
    const [complete] = await nac.sweeps.listRuns(1);
    expect(complete).toMatchObject({ result: 'complete', devices: nac.tenant.fleet.size });
    expect(complete?.id).not.toBe(failed?.id);
    expect((await stored(nac, 'NAC-00001'))?.device.complianceState).toBe('noncompliant');
  });

  test('a malformed token response names the field and what to do', async () => {
    // Nothing but the sweep asks for a token.
    await using nac = await startConnector({ store: 'memory', env: { LIVE_QUERIES_PER_SECOND: '0' } });
    nac.tenant.script({ target: 'token', headers: { 'content-type': 'text/html' }, body: '<html>proxy</html>' });

    expect(await nac.app.poll(SLICE_MS)).toMatchObject({
      kind: 'failed',
      error: { code: 'NAC_SOURCE_TOKEN', field: 'token response', action: expect.stringContaining('proxy') },
    });
  });

  test('a wrong secret says which setting to mend, and does not show the secret', async () => {
    await using nac = await startConnector({ store: 'memory', env: { ENTRA_CLIENT_SECRET: 'wrong-secret-value' } });

    const result = await nac.app.poll(SLICE_MS);
    expect(result).toMatchObject({
      kind: 'failed',
      error: {
        code: 'NAC_SOURCE_TOKEN',
        field: 'AADSTS7000215',
        action: expect.stringContaining('ENTRA_CLIENT_SECRET'),
      },
    });
    expect(JSON.stringify(nac.log)).not.toContain('wrong-secret-value');
  });

  test('a device that two pages in a row list is as the later page says', async () => {
    await using nac = await startConnector({ store: 'memory', tenant: { fleetSize: 2 } });
    await nac.app.poll(SLICE_MS);
    const { value } = nac.tenant.fleet.list({ limit: 2 });
    const [first, second] = value.map((device) => ({ ...device, ethernetMacAddress: null, udid: null }));
    const nextLink = `${nac.tenant.graphUrl}/v1.0/deviceManagement/managedDevices?$skiptoken=2`;
    const renamed = { value: [{ ...first, deviceName: 'NAC-RENAMED' }], '@odata.nextLink': nextLink };
    nac.tenant.script({ target: 'page', body: JSON.stringify(renamed) });
    nac.tenant.script({ target: 'page', body: JSON.stringify({ value: [first, second] }) });
    // The pointers of the first page take until the lease is renewed for the second.
    const renewed = Promise.withResolvers<void>();
    let isWritten = false;
    nac.storage.beforeEach = async ({ table, writes }): Promise<'pass'> => {
      if (table === 'devices' && writes > 0) isWritten = true;
      if (table === 'polling' && writes > 0 && isWritten) renewed.resolve();
      if (table === 'identities' && writes > 0) await renewed.promise;
      return 'pass';
    };

    expect(await pollAgain(nac)).toEqual({ kind: 'complete' });

    expect(await stored(nac, String(first?.deviceName))).toMatchObject({
      indexed: true,
      device: { name: first?.deviceName },
    });
    expect(nac.changes.slice(-2).map(({ fields }) => fields)).toEqual([['name'], ['name']]);
    expect((await nac.sweeps.listRuns(1))[0]).toMatchObject({ pages: 2, saved: 2 });
  });

  test('a malformed record keeps what was stored of its device, and the others are saved', async () => {
    await using nac = await startConnector({ store: 'memory', tenant: { fleetSize: 2 } });
    await nac.app.poll(SLICE_MS);
    const [first, second] = ['NAC-00001', 'NAC-00002'].map((name) => nac.tenant.fleet.get(name));
    const page = {
      value: [
        { ...first, complianceState: 17 },
        { ...second, complianceState: 'error', wiFiMacAddress: 'zz:zz' },
        { deviceName: 'without id' },
        null,
      ],
    };
    nac.tenant.script({ target: 'page', body: JSON.stringify(page) });

    await pollAgain(nac);

    expect((await stored(nac, 'NAC-00001'))?.device.complianceState).toBe('compliant');
    const changed = (await stored(nac, 'NAC-00002'))?.device;
    expect(changed).toMatchObject({ complianceState: 'error' });
    expect(changed).not.toHaveProperty('wifiMac');
    expect((await nac.sweeps.listRuns(1))[0]).toMatchObject({ result: 'partial', rejected: 3 });
    expect(nac.log.filter(({ event }) => event === 'poll.record-problem').map(({ fields }) => fields['field'])).toEqual(
      ['complianceState', 'wiFiMacAddress', 'id', 'value[]'],
    );
  });
});
