// Every list of rows that the poll, lookups, accounting, enforcement, housekeeping and operators ask of Table Storage
// is of one partition. Tables in memory (test/simulation) refuse any other, so that no test of a flow over them can
// miss one.

import { describe, expect, test } from 'vitest';
import { openClientRegistry } from '../../../shared/app/client-registry.ts';
import { askByCertificate, idOf, nextList, startCompliance } from '../../support/compliance-scenario.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';
import {
  acknowledge,
  comeBack,
  pollAgain,
  restartNas,
  startEnforcement,
  takeJobs,
  turn,
} from '../enforcement/enforcement-fixture.ts';

const SLICE_MS = 120_000;
const HOUR_MS = 3_600_000;
const POLICY = 'roles: { none: { vlan: 1 } }\nrules: [{ name: refuse-all, reject: true }]\n';

const listsOf = ({ storage }: Pick<ConnectorFixture, 'storage'>) =>
  storage.requests.filter(({ filter }) => filter !== undefined);
const unbounded = (nac: Pick<ConnectorFixture, 'storage'>) =>
  listsOf(nac).filter(({ filter = '' }) => !/^\(?PartitionKey eq '/.test(filter));

async function ask({ app, apiKey, tenant }: ConnectorFixture, name: string): Promise<void> {
  const mac = String(tenant.fleet.get(name).wiFiMacAddress);
  const request = { method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: '10.1.1.1' };
  await app.lookup(apiKey, JSON.stringify(request));
  const record = { ...request, acctSessionId: 'A-1' };
  await app.accounting(apiKey, JSON.stringify({ ...record, status: 'Start' }));
  await app.accounting(apiKey, JSON.stringify({ nasIpAddress: '10.1.1.1', status: 'Accounting-On' }));
}

describe('every list names its partition', () => {
  test('of polls with changes and absences, lookups, accounting and the list of decisions', async () => {
    const env = { CHANGED_DEVICES_INTERVAL: '1m', FAST_LANE: '15m' };
    await using nac = await startConnector({ tenant: { fleetSize: 30 }, env });
    const registry = await openClientRegistry({
      kind: 'connection-string',
      connectionString: nac.storage.connectionString,
    });
    const operator = await registry.createClient('olga', 'hq', 'administrator');
    nac.storage.requests.length = 0;
    await nac.app.poll(SLICE_MS);
    await ask(nac, 'NAC-00001');
    nac.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });
    nac.clock.advance(5 * 60_000);
    await nac.app.poll(SLICE_MS);
    // The twelfth run reads every key again.
    for (let run = 0; run < 12; run++) {
      nac.clock.advance(3 * HOUR_MS);
      await nac.app.poll(SLICE_MS);
    }
    const decisions = await nac.app.decisions(operator);
    await decisions.list([]);
    expect(listsOf(nac).length).toBeGreaterThan(100);
    expect(unbounded(nac)).toEqual([]);
  });

  test('of the least permission', async () => {
    await using started = await startCompliance({}, {}, 'azurite');
    const { nac } = started;
    nac.storage.requests.length = 0;
    await nac.app.poll(SLICE_MS);
    await askByCertificate(nac, idOf(nac, 'NAC-00001'));
    nac.tenant.fleet.patch('NAC-00001', { complianceState: 'noncompliant' });
    await nextList(started);
    expect(listsOf(nac).length).toBeGreaterThan(20);
    expect(unbounded(nac)).toEqual([]);
  });

  test('of enforcement, housekeeping, and whatever an operator asks', async () => {
    await using nac = await startEnforcement({ MASS_CHANGE_DEVICES: '3', MASS_CHANGE_PERCENT: '10' });
    const { app, operatorKey, storage } = nac;
    storage.requests.length = 0;
    const answer = await comeBack(nac, 'NAC-00001');
    await app.enforce();
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);
    await app.enforce();
    const [job] = await takeJobs(nac);
    await acknowledge(nac, job);
    await app.enforce();
    await comeBack(nac, 'NAC-00001');
    await app.enforce();
    await app.reauthenticate(operatorKey, String(nac.tenant.fleet.get('NAC-00001').id));
    await restartNas(nac, '10.1.1.1');
    for (const name of ['NAC-00012', 'NAC-00013', 'NAC-00014', 'NAC-00015']) turn(nac, name, 'error');
    await pollAgain(nac);
    const { held } = await app.pollStatus(operatorKey);
    for (const { runId } of held) await app.releaseHeld(operatorKey, JSON.stringify({ runId, reason: 'seen' }));
    await pollAgain(nac);
    for (const query of [{}, { notEnforced: 'true' }, { site: 'hq' }]) {
      await app.jobs(operatorKey, new URLSearchParams(query as Record<string, string>));
    }
    await app.audit(operatorKey, [['site', 'hq']]);
    const decisions = await app.decisions(operatorKey);
    await decisions.list([['site', 'hq']]);
    await decisions.explain(answer.decision.id);
    const policies = await app.policies(operatorKey);
    await policies.upload('refuse-all', POLICY);
    await policies.whatIf(POLICY, []);
    await policies.activate('refuse-all', 'test');
    await app.purgeExpired();
    await app.enforce();
    await app.doctor(operatorKey);
    const asked = new Set(listsOf(nac).map(({ table }) => table));
    for (const table of ['devices', 'sessions', 'jobs', 'outbox', 'clients', 'polling', 'audit']) {
      expect(asked, `no list of ${table} was asked for`).toContain(table);
    }
    expect(unbounded(nac)).toEqual([]);
  });
});
