// What each kind of client may do, at which sites, and what of it stands in the audit.

import { expect, test } from 'vitest';
import { openClientRegistry } from '../../../shared/app/client-registry.ts';
import type { ClientKind } from '../../../shared/domain/client.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

const POLICY = 'rules:\n  - name: all\n    permit: staff\nroles:\n  staff: { vlan: "10" }\n';
const LOOKUP = JSON.stringify({ method: 'mab', userName: '0c-96-e6-01-02-03', callingStationId: '0c-96-e6-01-02-03' });
const REFUSED = { status: 401, code: 'NAC_CLIENT_CREDENTIAL' };

async function keyOf(nac: ConnectorFixture, name: string, site: string, kind: ClientKind, everySite = false) {
  const storage = { kind: 'connection-string', connectionString: nac.env['StorageConnection'] ?? '' } as const;
  return (await openClientRegistry(storage)).createClient(name, site, kind, everySite);
}

test('an auditor reads and changes nothing', async () => {
  await using nac = await startConnector();
  const auditor = await keyOf(nac, 'anna', 'hq', 'auditor');
  await nac.app.pollStatus(auditor);
  await (await nac.app.decisions(auditor)).list([]);
  const policies = await nac.app.policies(auditor);
  await policies.overview();
  const forbidden = { status: 403, code: 'NAC_CLIENT_SITE' };
  await expect(policies.upload('v1', POLICY)).rejects.toMatchObject(forbidden);
  await expect(policies.activate('v1')).rejects.toMatchObject(forbidden);
  await expect(policies.rollBack()).rejects.toMatchObject(forbidden);
  const body = JSON.stringify({ runId: 'run-1', reason: 'it is right' });
  await expect(nac.app.releaseHeld(auditor, body)).rejects.toMatchObject(REFUSED);
  await expect(nac.app.refuseHeld(auditor, body)).rejects.toMatchObject(REFUSED);
  await expect(nac.app.resend(auditor, 'hq', 'job')).rejects.toMatchObject(REFUSED);
  await expect(nac.app.reauthenticate(auditor, 'device')).rejects.toMatchObject(REFUSED);
  await expect(nac.app.lookup(auditor, LOOKUP)).rejects.toMatchObject(REFUSED);
});

test('an operator neither releases nor puts a policy into force; an administrator does', async () => {
  await using nac = await startConnector();
  const operator = await keyOf(nac, 'olga', 'hq', 'operator');
  const administrator = await keyOf(nac, 'ada', 'hq', 'administrator');
  await expect((await nac.app.policies(operator)).activate('built-in')).rejects.toMatchObject({ status: 403 });
  const body = JSON.stringify({ runId: 'run-1', reason: 'it is right' });
  await expect(nac.app.releaseHeld(operator, body)).rejects.toMatchObject(REFUSED);
  await expect(nac.app.releaseHeld(administrator, body)).rejects.toMatchObject({ code: 'NAC_POLL_RUN_UNKNOWN' });
});

test('a key of one site sees the decisions of that site alone', async () => {
  await using nac = await startConnector();
  const branch = await keyOf(nac, 'radius-branch', 'branch', 'radius');
  const atHq = (await nac.app.lookup(nac.apiKey, LOOKUP)).decision.id;
  const atBranch = (await nac.app.lookup(branch, LOOKUP)).decision.id;
  const idsSeenBy = async (key: string) =>
    (await (await nac.app.decisions(key)).list([])).decisions.map(({ decision }) => decision.id).sort();

  const ofBranch = await keyOf(nac, 'olga', 'branch', 'operator');
  expect(await idsSeenBy(ofBranch)).toEqual([atBranch]);
  const admin = await nac.app.decisions(ofBranch);
  await admin.explain(atBranch);
  await expect(admin.explain(atHq)).rejects.toMatchObject({ code: 'NAC_DECISION_UNKNOWN' });
  await expect(admin.replay(atHq, 'built-in')).rejects.toMatchObject({ code: 'NAC_DECISION_UNKNOWN' });
  await expect((async () => admin.list([['site', 'hq']]))()).rejects.toMatchObject({
    status: 403,
    code: 'NAC_CLIENT_SITE',
  });
  await expect((async () => admin.search('{"site":"hq"}'))()).rejects.toMatchObject({ status: 403 });

  const whatIf = async (key: string, query: [string, string][] = []) =>
    (await nac.app.policies(key)).whatIf('roles: { r: { vlan: 1 } }\nrules: [{ name: all, reject: true }]\n', query);
  const { sessions, enforcing, fleet } = await whatIf(ofBranch);
  expect(sessions).toMatchObject({ looked: 1, changing: 1, bySite: { branch: 1 } });
  expect(sessions.examples.map(({ site }) => site)).toEqual(['branch']);
  expect(Object.keys(enforcing.secondsBySite)).toEqual(['branch']);
  expect(fleet.assumed.site).toBe('branch');
  await expect(whatIf(ofBranch, [['site', 'hq']])).rejects.toMatchObject({ status: 403, code: 'NAC_CLIENT_SITE' });

  for (const key of [
    await keyOf(nac, 'anna', 'branch', 'auditor', true),
    await keyOf(nac, 'ada', 'branch', 'administrator'),
  ]) {
    expect(await idsSeenBy(key)).toEqual([atHq, atBranch].sort());
    expect((await whatIf(key)).sessions).toMatchObject({ looked: 2, bySite: { hq: 1, branch: 1 } });
    expect((await whatIf(key, [['site', 'hq']])).fleet.assumed.site).toBe('hq');
  }
});

test('every change by a person stands in the audit and in the log, with who, what, when and why', async () => {
  await using nac = await startConnector();
  const administrator = await keyOf(nac, 'ada', 'hq', 'administrator');
  const policies = await nac.app.policies(administrator);
  await policies.upload('v1', POLICY);
  await policies.activate('v1', 'printers need it');
  await policies.rollBack(undefined, 'they did not');
  await expect(policies.activate('v9')).rejects.toMatchObject({ code: 'NAC_POLICY_VERSION' });

  const { entries } = await nac.app.audit(administrator, []);
  expect(entries).toMatchObject([
    { by: 'ada', from: 'api', action: 'activate-policy', target: 'v9' },
    { by: 'ada', from: 'api', action: 'roll-back-policy', reason: 'they did not' },
    { by: 'ada', from: 'api', action: 'activate-policy', target: 'v1', reason: 'printers need it' },
    { by: 'ada', from: 'api', action: 'upload-policy', target: 'v1' },
    { from: 'command-line', action: 'create-client', target: 'ada (administrator)' },
    { from: 'command-line', action: 'create-client' },
  ]);
  const logged = nac.log.filter(({ event }) => event === 'audit').map(({ fields }) => fields['action']);
  expect(logged).toEqual(['upload-policy', 'activate-policy', 'roll-back-policy', 'activate-policy']);
});

test('the audit comes in pages, of the sites that the asker may see, and ends with its age', async () => {
  await using nac = await startConnector({ env: { AUDIT_HISTORY: '1d' } });
  const administrator = await keyOf(nac, 'ada', 'hq', 'administrator');
  const ofBranch = await keyOf(nac, 'olga', 'branch', 'operator');
  const first = await nac.app.audit(administrator, [['limit', '1']]);
  expect(first.entries).toMatchObject([{ target: 'olga (operator)' }]);
  const second = await nac.app.audit(administrator, [
    ['limit', '1'],
    ['after', first.next ?? ''],
  ]);
  expect(second.entries).toMatchObject([{ target: 'ada (administrator)' }]);
  expect((await nac.app.audit(ofBranch, [])).entries).toMatchObject([{ target: 'olga (operator)', site: 'branch' }]);
  await expect(nac.app.audit(ofBranch, [['site', 'hq']])).rejects.toMatchObject({ status: 403 });
  await expect(nac.app.audit(administrator, [['sit', 'hq']])).rejects.toMatchObject({ field: 'sit' });
  await expect(nac.app.audit(nac.apiKey, [])).rejects.toMatchObject(REFUSED);

  nac.clock.advance(2 * 24 * 60 * 60_000);
  await nac.app.purgeExpired();
  expect((await nac.app.audit(administrator, [])).entries).toEqual([]);
});

test('a change that cannot be noted is not made', async () => {
  await using nac = await startConnector();
  const administrator = await keyOf(nac, 'ada', 'hq', 'administrator');
  const policies = await nac.app.policies(administrator);
  await policies.upload('v1', POLICY);
  await nac.tables.audit.deleteTable();
  await expect(policies.activate('v1')).rejects.toMatchObject({ code: 'NAC_STORE_UNAVAILABLE' });
  expect((await policies.overview()).inForce).toBe('built-in');
});

test('kinds as the version before wrote them still ask', async () => {
  await using nac = await startConnector();
  const [name = ''] = nac.apiKey.split('.');
  const row = { partitionKey: 'clients', rowKey: name, kind: 'radius-proxy' };
  await nac.tables.clients.updateEntity(row, 'Merge');
  await nac.app.lookup(nac.apiKey, LOOKUP);
});
