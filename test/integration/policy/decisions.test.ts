// Decisions that were made: listed, explained, replayed and forgotten, against Azurite and a real poll.

import { beforeAll, describe, expect, test } from 'vitest';
import { TableDecisionStore } from '../../../shared/adapters/table-storage/table-decision-store.ts';
import { openTables } from '../../../shared/adapters/table-storage/tables.ts';
import { openClientRegistry } from '../../../shared/app/client-registry.ts';
import type { DecisionAudit } from '../../../shared/app/open-decisions.ts';
import type { PolicyAdmin } from '../../../shared/app/open-policy.ts';
import type { Decision } from '../../../shared/domain/policy/decision.ts';
import type { DecisionPage } from '../../../shared/ports/decision-store.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

interface AuditSite {
  readonly nac: ConnectorFixture;
  readonly decisions: DecisionAudit;
  readonly policies: PolicyAdmin;
  readonly branchKey: string;
}

async function open(): Promise<AuditSite & AsyncDisposable> {
  const nac = await startConnector();
  const registry = await openClientRegistry({
    kind: 'connection-string',
    connectionString: nac.storage.connectionString,
  });
  const operator = await registry.createClient('olga', 'hq', 'administrator');
  const branchKey = await registry.createClient('radius-2', 'branch');
  await nac.app.poll(MINUTE_MS);
  const [decisions, policies] = [await nac.app.decisions(operator), await nac.app.policies(operator)];
  return { nac, decisions, policies, branchKey, [Symbol.asyncDispose]: () => nac[Symbol.asyncDispose]() };
}

function macOf({ tenant }: ConnectorFixture, name: string): string {
  return String(tenant.fleet.get(name).wiFiMacAddress);
}

async function ask({ nac }: AuditSite, name: string, apiKey = nac.apiKey, more: Record<string, string> = {}) {
  const mac = macOf(nac, name);
  const request = { method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: '10.1.1.1', ...more };
  return (await nac.app.lookup(apiKey, JSON.stringify(request))).decision;
}

async function askAs({ nac }: AuditSite, userName: string) {
  const request = { method: 'site', userName, callingStationId: '02-00-00-00-00-01', nasPortType: 'Virtual' };
  return (await nac.app.lookup(nac.apiKey, JSON.stringify(request))).decision;
}

const query = (parameters: Record<string, string>) => Object.entries(parameters);
const idsOf = ({ decisions }: DecisionPage) => decisions.map(({ decision }) => decision.id);

describe('a decision', () => {
  test('is written in one request with its session, and none is written while nothing changes', async () => {
    await using site = await open();
    site.nac.storage.requests.length = 0;
    await ask(site, 'NAC-00001');
    const writes = () => site.nac.storage.requests.filter((request) => request.writes > 0);
    expect(writes()).toMatchObject([{ method: 'BATCH', table: 'sessions', writes: 3 }]);
    await ask(site, 'NAC-00001');
    expect(writes().length).toBe(1);
  });

  test('made of more text than a RADIUS packet holds is kept, and so is its session', async () => {
    await using site = await open();
    const long = '%{x}"\n'.repeat(1_200);
    const { id } = await ask(site, 'NAC-00001', site.nac.apiKey, {
      method: 'site',
      nasIdentifier: long,
      calledStationId: long,
      nasPortId: long,
      acctSessionId: long,
    });
    expect(site.nac.log.filter(({ event }) => event === 'lookup.session-not-written')).toEqual([]);
    expect((await site.nac.sessions.read(id.slice(0, 20)))?.decision.id).toBe(id);
    expect((await site.decisions.explain(id)).decision.facts?.nasIdentifier).toBe(long.slice(0, 253));
  });

  test('is read by its id in one point read of decisions', async () => {
    await using site = await open();
    const { id } = await ask(site, 'NAC-00001');
    site.nac.storage.requests.length = 0;
    expect((await site.decisions.explain(id)).decision.id).toBe(id);
    expect(site.nac.storage.requests.filter(({ table }) => table === 'sessions').length).toBe(1);
  });

  test('is explained: identities, device with its raw state, each rule and why it did not match', async () => {
    await using site = await open();
    const { id } = await ask(site, 'NAC-00002', site.nac.apiKey, { nasPortType: 'Ethernet' });
    expect(await site.decisions.explain(id)).toMatchObject({
      site: 'hq',
      client: 'radius-1',
      identities: [{ kind: 'mac', assurance: 'mac', origin: 'Calling-Station-Id', result: 'matched' }],
      decision: {
        standing: 'noncompliant',
        outcome: { verdict: 'permit', role: 'quarantine' },
        facts: {
          site: 'hq',
          nasPortType: 'Ethernet',
          device: { complianceState: 'noncompliant' },
          asOf: expect.any(String),
        },
      },
      rules: [
        { rule: 'contradiction', matched: false },
        {
          rule: 'permit-compliant',
          matched: false,
          failed: [{ condition: 'compliance', wanted: 'compliant, inGracePeriod', actual: 'noncompliant' }],
        },
        { rule: 'quarantine-others', matched: true, failed: [] },
      ],
      jobs: [],
      jobsComplete: true,
    });
  });

  test('that was never made, or a text that is no id, is unknown', async () => {
    await using site = await open();
    for (const id of [`${'0'.repeat(20)}-mwpq9ynx824c4372`, 'x', '', "' or 1 eq 1", '../../..']) {
      await expect(site.decisions.explain(id), id).rejects.toMatchObject({ code: 'NAC_DECISION_UNKNOWN', status: 400 });
    }
  });

  test('is explained by the version that made it, even after the next one is in force', async () => {
    await using site = await open();
    const before = await ask(site, 'NAC-00002');
    await site.policies.upload('v1', 'roles: { all: { vlan: 7 } }\nrules: [{ name: all, permit: all }]\n');
    await site.policies.activate('v1');
    site.nac.clock.advance(61 * SECOND_MS);
    const after = await ask(site, 'NAC-00002');
    expect((await site.decisions.explain(before.id)).rules?.at(-1)?.rule).toBe('quarantine-others');
    expect((await site.decisions.explain(after.id)).rules).toEqual([{ rule: 'all', matched: true, failed: [] }]);
  });
});

describe('a replay', () => {
  test('decides again by another version from what was recorded, not from what is true now', async () => {
    await using site = await open();
    const { id } = await ask(site, 'NAC-00002', site.nac.apiKey, { nasIdentifier: 'lab-sw-1' });
    site.nac.tenant.fleet.patch('NAC-00002', { complianceState: 'compliant' });
    site.nac.clock.advance(61 * MINUTE_MS);
    await site.nac.app.poll(MINUTE_MS);
    const text = `roles: { lab: { vlan: 5 }, rest: { vlan: 6 } }
rules:
  - { name: lab, when: { nasIdentifier: lab-*, compliance: noncompliant }, permit: lab }
  - { name: rest, permit: rest }
`;
    await site.policies.upload('v1', text);
    expect(await site.decisions.replay(id, 'v1')).toMatchObject({
      recorded: { rule: 'quarantine-others' },
      replayed: { rule: 'lab', outcome: { role: 'lab', vlan: '5' }, policyVersion: 'v1' },
      sameOutcome: false,
    });
    expect(await site.decisions.replay(id, 'built-in')).toMatchObject({ sameOutcome: true });
    await expect(site.decisions.replay(id, 'v9')).rejects.toMatchObject({ code: 'NAC_POLICY_VERSION' });
  });
});

describe('the list', () => {
  let site: AuditSite;
  const made: Decision[] = [];

  beforeAll(async () => {
    const opened = await open();
    site = opened;
    for (const name of ['NAC-00001', 'NAC-00002', 'NAC-00004', 'NAC-00005']) {
      made.push(await ask(site, name));
      site.nac.clock.advance(SECOND_MS);
      made.push(await ask(site, name, site.branchKey));
      site.nac.clock.advance(MINUTE_MS);
    }
    made.push(await askAs(site, "O'Neill@example.com"));
    return () => opened[Symbol.asyncDispose]();
  });

  test('is newest first, whatever partition they are in', async () => {
    expect(idsOf(await site.decisions.list([]))).toEqual(made.map(({ id }) => id).reverse());
  });

  test('asks each of the sixteen partitions once for a first page, whatever it holds', async () => {
    site.nac.storage.requests.length = 0;
    await site.decisions.list([]);
    expect(site.nac.storage.requests.filter(({ table }) => table === 'sessions').length).toBe(16);
  });

  test('comes page by page, each decision once', async () => {
    const seen: string[] = [];
    let page: DecisionPage | undefined;
    do {
      page = await site.decisions.list(query({ limit: '2', ...(page?.next !== undefined && { after: page.next }) }));
      expect(page.decisions.length).toBeLessThanOrEqual(2);
      seen.push(...idsOf(page));
    } while (page.next !== undefined);
    expect(seen).toEqual(made.map(({ id }) => id).reverse());
  });

  test('is filtered by device, MAC address, user, site, decision, rule and standing', async () => {
    const device = site.nac.tenant.fleet.get('NAC-00002').id;
    const count = async (parameters: Record<string, string>) =>
      idsOf(await site.decisions.search(JSON.stringify(parameters))).length;
    expect(await count({ device: device.toUpperCase() })).toBe(2);
    expect(await count({ mac: macOf(site.nac, 'NAC-00002') })).toBe(2);
    expect(await count({ mac: macOf(site.nac, 'NAC-00002'), site: 'branch' })).toBe(1);
    expect(await count({ user: "o'neill@EXAMPLE.com" })).toBe(1);
    expect(await count({ site: 'hq' })).toBe(5);
    expect(await count({ decision: 'deny' })).toBe(made.filter(({ outcome }) => outcome.verdict === 'deny').length);
    expect(await count({ rule: 'permit-compliant' })).toBe(
      made.filter(({ standing }) => standing === 'compliant').length,
    );
    expect(await count({ standing: 'noncompliant' })).toBe(
      made.filter(({ standing }) => standing === 'noncompliant').length,
    );
    expect(await count({ session: made[0]?.id.slice(0, 20) ?? '' })).toBe(1);
    expect(await count({ observed: 'true' })).toBe(0);
  });

  test('is bounded in time: the last day, or what the query says', async () => {
    const last = await site.decisions.list(query({ since: '90s' }));
    expect(idsOf(last)).toEqual(
      made
        .slice(-3)
        .map(({ id }) => id)
        .reverse(),
    );
    const rest = await site.decisions.list(query({ until: '90s' }));
    expect(idsOf(rest)).toEqual(
      made
        .slice(0, -3)
        .map(({ id }) => id)
        .reverse(),
    );
  });

  test.each([
    { limit: '0' },
    { limit: '201' },
    { since: 'yesterday' },
    { until: '-1h' },
    { after: "' or 1 eq 1" },
    { decision: 'maybe' },
    { mac: 'dead beef' },
    { color: 'red' },
    { site: '' },
    { user: 'x'.repeat(254) },
  ])('refuses %j and names the parameter', async (parameters) => {
    const [field] = Object.keys(parameters);
    const refused = { code: 'NAC_REQUEST_FIELD', status: 400, field };
    await expect((async () => site.decisions.search(JSON.stringify(parameters)))()).rejects.toMatchObject(refused);
    const list = async () => site.decisions.list(query(parameters as Record<string, string>));
    await expect(list()).rejects.toMatchObject(refused);
  });

  test.each(['mac', 'user'])('refuses %s in a URL, which logs keep, and names the other route', async (name) => {
    const list = async () => site.decisions.list(query({ [name]: '0c-96-e6-01-02-03' }));
    await expect(list()).rejects.toMatchObject({ field: name, message: expect.stringContaining('POST') });
  });

  test.each(['', '[]', '"mac"', '{"mac":', '{"mac":1}'])('refuses the search %s', async (body) => {
    await expect((async () => site.decisions.search(body))()).rejects.toMatchObject({ status: 400 });
  });

  test('ends with what was found when time runs out, and the next page goes on from there', async () => {
    await using site = await open();
    const ids: string[] = [];
    // More of one station than one answer of the store brings.
    for (let time = 0; time < 22; time++) {
      ids.unshift((await ask(site, 'NAC-00001')).id);
      site.nac.clock.advance(6 * 60_000);
    }
    const { connectionString } = site.nac.storage;
    const { sessions } = await openTables({ kind: 'connection-string', connectionString }, 'background');
    const store = new TableDecisionStore(sessions);
    const range = { filter: {}, sites: 'every', since: '2000-01-01T00:00:00.000Z', limit: 50 } as const;
    const patience = new AbortController();
    const search = (options: object, hold: number) => {
      let requests = 0;
      site.nac.storage.beforeEach = ({ table }) => {
        if (table !== 'sessions' || ++requests <= hold) return 'pass';
        patience.abort();
        return 'hold';
      };
      return store.list({ ...range, ...options }, { signal: patience.signal });
    };
    // One question to each of sixteen partitions, then one for what is left of the station's.
    const first = await search({}, 16);
    expect(idsOf(first)).toEqual(ids.slice(0, first.decisions.length));
    expect([first.decisions.length > 0, first.decisions.length < 22]).toEqual([true, true]);
    await expect(search({}, 0)).rejects.toMatchObject({ code: 'NAC_STORE_TIMEOUT' });
    site.nac.storage.beforeEach = () => 'pass';
    const rest = await store.list({ ...range, after: first.next ?? '' });
    expect([...idsOf(first), ...idsOf(rest)]).toEqual(ids);
    expect(rest.next).toBeUndefined();
  });

  test('takes no filter for a condition of its own', async () => {
    expect(idsOf(await site.decisions.list(query({ site: "x' or site eq 'hq" })))).toEqual([]);
  });
});

describe('housekeeping', () => {
  test('forgets decisions after the set time, and keeps younger ones', async () => {
    await using site = await open();
    const old = await ask(site, 'NAC-00001');
    site.nac.clock.advance(7 * DAY_MS + MINUTE_MS);
    const young = await ask(site, 'NAC-00002');
    expect(await site.nac.app.purgeExpired()).toMatchObject({ decisions: 1 });
    await expect(site.decisions.explain(old.id)).rejects.toMatchObject({ code: 'NAC_DECISION_UNKNOWN' });
    expect((await site.decisions.explain(young.id)).decision.id).toBe(young.id);
    expect(await site.nac.app.purgeExpired()).toMatchObject({ decisions: 0 });
  });
});
