// Versions of policy.yaml in the store, and what answers make of them: Azurite behind a proxy, the clock moved by hand.

import { describe, expect, test } from 'vitest';
import { openClientRegistry } from '../../../shared/app/client-registry.ts';
import type { PolicyAdmin } from '../../../shared/app/open-policy.ts';
import { createApp } from '../../../shared/app.ts';
import { readSettings } from '../../../shared/settings.ts';
import { walkSessions } from '../../../shared/walk-sessions.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** Everybody whom the site authenticated gets this VLAN. */
function policyWithVlan(vlan: number): string {
  return `roles: { all: { vlan: ${vlan} } }\nrules: [{ name: all, permit: all }]\n`;
}

async function admin(nac: ConnectorFixture): Promise<PolicyAdmin> {
  const registry = await openClientRegistry({
    kind: 'connection-string',
    connectionString: nac.storage.connectionString,
  });
  return nac.app.policies(await registry.createClient('olga', 'hq', 'administrator'));
}

async function answered(nac: ConnectorFixture): Promise<string> {
  const { decision } = await nac.app.lookup(
    nac.apiKey,
    JSON.stringify({ method: 'site', userName: 'alice', callingStationId: 'A4-BB-6D-FF-FF-FF' }),
  );
  const { outcome, policyVersion } = decision;
  return `${outcome.verdict === 'permit' ? outcome.vlan : 'deny'} by ${policyVersion.split(':')[0]}`;
}

describe('activation', () => {
  test('is what every instance answers by within a minute, not by what was uploaded only', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    expect(await policies.upload('v1', policyWithVlan(111))).toEqual({ created: true });
    expect(await answered(nac)).toBe('666 by built-in');

    await policies.activate('v1');
    nac.clock.advance(61 * SECOND_MS);
    expect(await answered(nac)).toBe('111 by v1');
  });

  test('is read once a minute: in between a lookup reads no policy', async () => {
    await using nac = await startConnector();
    await answered(nac);
    nac.storage.requests.length = 0;
    nac.clock.advance(59 * SECOND_MS);
    await answered(nac);
    expect(readsOfPolicies(nac)).toEqual([]);
    nac.clock.advance(2 * SECOND_MS);
    await Promise.all([answered(nac), answered(nac), answered(nac)]);
    // Which policy is in force, and which definitions of sources: one row each, for all three.
    expect(readsOfPolicies(nac).length).toBe(2);
  });

  test('says what is in force, since when, when all instances have it, and what a rollback brings', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    await policies.upload('v1', policyWithVlan(111));
    await policies.upload('v2', policyWithVlan(222));
    await policies.activate('v1');
    const overview = await policies.activate('v2');
    expect(overview).toMatchObject({ inForce: 'v2', rollbackTo: 'v1', versions: [{ by: 'olga' }, { by: 'olga' }] });
    expect(Date.parse(overview.settledAt ?? '') - Date.parse(overview.changedAt ?? '')).toBe(90 * SECOND_MS);
    expect(await policies.text('v2')).toBe(policyWithVlan(222));
  });

  test('of a version that is not there, or of none, changes nothing', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    for (const version of ['v9', '', 'built-in:x/1/60:y/2/60', '../state']) {
      await expect(policies.activate(version), version).rejects.toMatchObject({
        code: 'NAC_POLICY_VERSION',
        status: 400,
      });
    }
    expect((await policies.overview()).inForce).toBe('built-in');
  });
});

describe('upload', () => {
  test('stores nothing of a policy with problems, and names their places', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    await expect(policies.upload('v1', 'roles: {}\nrules: []\n')).rejects.toMatchObject({
      code: 'NAC_POLICY',
      message: expect.stringContaining('policy.yaml:1:8'),
    });
    expect((await policies.overview()).versions).toEqual([]);
  });

  test('does no harm twice, and never changes what a version means', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    await policies.upload('v1', policyWithVlan(111));
    expect(await policies.upload('v1', policyWithVlan(111))).toEqual({ created: false });
    await expect(policies.upload('v1', policyWithVlan(112))).rejects.toMatchObject({ code: 'NAC_POLICY_VERSION' });
    expect(await policies.text('v1')).toBe(policyWithVlan(111));
  });

  test('keeps a long policy whole', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    const lines = Array.from({ length: 6_000 }, (_, line) => `# Zürich ${line}`);
    const text = `${lines.join('\n')}\n${policyWithVlan(111)}`;
    await policies.upload('long', text);
    const stored = await policies.text('long');
    expect([stored.length, stored === text]).toEqual([text.length, true]);
  });
});

describe('a list of addresses', () => {
  const naming = (list: string): string =>
    `roles: { printers: { vlan: 40 }, all: { vlan: 666 } }
rules:
  - { name: printers, when: { macAddress: list:${list} }, permit: printers }
  - { name: all, permit: all }
`;
  const file = (last: number): string =>
    Array.from({ length: last }, (_, n) => `00-11-22-33-${n >> 8}-${n & 255},printer ${n}`)
      .map((line) => line.replace(/-(\d+)-(\d+),/, (_, a, b) => `-${hex(a)}-${hex(b)},`))
      .join('\r\n');
  const hex = (octet: string): string => Number(octet).toString(16).padStart(2, '0');
  const printer = async (nac: ConnectorFixture, body: object): Promise<string> => {
    const { decision } = await nac.app.lookup(nac.apiKey, JSON.stringify(body));
    return decision.rule;
  };
  const mab = (mac: string) => ({
    method: 'mab',
    serviceType: 'Call-Check',
    userName: mac.replaceAll('-', '').toLowerCase(),
    callingStationId: mac,
  });

  test('of thousands of lines is in force with the policy that names it, for MAB alone, and goes back with it', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    await expect(policies.upload('v1', naming('printers-1'))).rejects.toMatchObject({ code: 'NAC_POLICY' });
    expect(await policies.uploadMacList('printers-1', file(5_000))).toEqual({ created: true, addresses: 5_000 });
    expect(await policies.uploadMacList('printers-2', file(5_001))).toEqual({ created: true, addresses: 5_001 });
    await policies.upload('v1', naming('printers-1'));
    await policies.upload('v2', naming('printers-2'));
    await policies.activate('v1');
    await policies.activate('v2');
    const last = '00-11-22-33-13-88';
    expect(await printer(nac, mab(last))).toBe('printers');
    expect(await printer(nac, mab('00-11-22-33-13-89'))).toBe('all');
    expect(await printer(nac, { method: 'site', userName: 'eve', callingStationId: last })).toBe('all');

    await policies.rollBack();
    nac.clock.advance(61 * SECOND_MS);
    expect(await printer(nac, mab(last))).toBe('all');
    expect(await printer(nac, mab('00-11-22-33-13-87'))).toBe('printers');
  });

  test('never changes, is shown, and its upload is in the audit', async () => {
    await using nac = await startConnector();
    const registry = await openClientRegistry({
      kind: 'connection-string',
      connectionString: nac.storage.connectionString,
    });
    const key = await registry.createClient('olga', 'hq', 'administrator');
    const policies = await nac.app.policies(key);
    await policies.uploadMacList('cameras', '00:11:22\n00:11:23:44:55:66 # lobby\n');
    expect(await policies.uploadMacList('cameras', '001123445566\n0011.22\n')).toEqual({
      created: false,
      addresses: 2,
    });
    for (const [name, content, code] of [
      ['cameras', '00:11:24', 'NAC_MAC_LIST_NAME'],
      ['Cameras', '00:11:24', 'NAC_MAC_LIST_NAME'],
      ['doors', '00:11:24\n\nlobby', 'NAC_MAC_LIST'],
    ] as const) {
      await expect(policies.uploadMacList(name, content), name).rejects.toMatchObject({ code, status: 400 });
    }
    await expect(policies.uploadMacList('doors', '00:11:24\n\nlobby')).rejects.toThrow('line 3: "lobby" is no MAC');
    expect(await policies.macListText('cameras')).toBe('001122\n001123445566');
    await expect(policies.macListText('../state')).rejects.toMatchObject({ code: 'NAC_MAC_LIST_NAME' });
    expect(await policies.overview()).toMatchObject({ macLists: [{ name: 'cameras', addresses: 2, by: 'olga' }] });
    const { entries } = await nac.app.audit(key, []);
    expect(entries).toContainEqual(
      expect.objectContaining({ action: 'upload-mac-list', target: 'cameras', by: 'olga', from: 'api' }),
    );
  });

  test('is read once, not at every lookup', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    await policies.uploadMacList('printers-1', file(5_000));
    await policies.upload('v1', naming('printers-1'));
    await policies.activate('v1');
    await printer(nac, mab('00-11-22-33-13-87'));
    nac.storage.requests.length = 0;
    await printer(nac, mab('00-11-22-33-13-86'));
    expect(nac.storage.requests.filter(({ table }) => table === 'policies')).toEqual([]);
  });
});

describe('rollback', () => {
  test('has the very same answer written again: another instance may have given the station what was taken back', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    await policies.upload('v1', policyWithVlan(111));
    await policies.upload('v2', policyWithVlan(222));
    await policies.activate('v1');
    expect(await answered(nac)).toBe('111 by v1');
    await policies.activate('v2');
    const other = createApp(readSettings(nac.env), { clock: nac.clock, log: collectingLogger().logger });
    expect(await answered({ ...nac, app: other })).toBe('222 by v2');
    await policies.rollBack('v2');
    nac.clock.advance(61 * SECOND_MS);

    expect(await answered(nac)).toBe('111 by v1');
    const [session] = await Array.fromAsync(walkSessions(nac.sessions));
    expect(session?.decision.outcome).toMatchObject({ vlan: '111' });
    await other.close();
  });

  test('brings back the version before with one command; sent twice with --from it goes back once', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    await policies.upload('v1', policyWithVlan(111));
    await policies.upload('v2', policyWithVlan(222));
    await policies.activate('v1');
    await policies.activate('v2');
    expect(await policies.rollBack('v2')).toMatchObject({ inForce: 'v1', rollbackTo: 'built-in' });
    await expect(policies.rollBack('v2')).rejects.toMatchObject({ code: 'NAC_POLICY_VERSION' });
    nac.clock.advance(61 * SECOND_MS);
    expect(await answered(nac)).toBe('111 by v1');

    await policies.rollBack();
    await expect(policies.rollBack()).rejects.toMatchObject({ code: 'NAC_POLICY_VERSION' });
    nac.clock.advance(61 * SECOND_MS);
    expect(await answered(nac)).toBe('666 by built-in');
  });

  test('and activation at the same time both count, one after the other', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    for (const version of ['v1', 'v2', 'v3']) await policies.upload(version, policyWithVlan(111));
    await Promise.all(['v1', 'v2', 'v3'].map((version) => policies.activate(version)));
    const { activations, inForce } = await policies.overview();
    expect(activations.map(({ version }) => version).sort()).toEqual(['v1', 'v2', 'v3']);
    expect(activations.at(-1)?.version).toBe(inForce);
  });
});

describe('without the policy table', () => {
  test('an instance goes on with the policy it knows, says how old that is, and is itself again afterwards', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    await policies.upload('v1', policyWithVlan(111));
    await policies.activate('v1');
    expect(await answered(nac)).toBe('111 by v1');
    nac.storage.beforeEach = ({ table }) => (table === 'policies' ? 'drop' : 'pass');
    nac.clock.advance(10 * MINUTE_MS);
    expect(await answered(nac)).toBe('111 by v1');
    const body = JSON.stringify({ method: 'site', userName: 'alice', callingStationId: 'A4-BB-6D-FF-FF-FF' });
    expect((await nac.app.lookup(nac.apiKey, body)).policyAgeSeconds).toBeGreaterThanOrEqual(600);
    expect(nac.log.filter(({ event }) => event === 'policy.not-read')).toMatchObject([
      { level: 'error', fields: { code: 'NAC_STORE_UNAVAILABLE', ageSeconds: 600 } },
    ]);

    nac.storage.beforeEach = () => 'pass';
    nac.clock.advance(6 * SECOND_MS);
    expect((await nac.app.lookup(nac.apiKey, body)).policyAgeSeconds).toBe(0);
  });

  test('an instance that never read one gives no answer, rather than one by another policy than the one in force', async () => {
    await using nac = await startConnector();
    const policies = await admin(nac);
    await policies.upload('v1', policyWithVlan(111));
    await policies.activate('v1');
    nac.storage.beforeEach = ({ table }) => (table === 'policies' ? 'drop' : 'pass');
    await expect(answered(nac)).rejects.toMatchObject({ code: expect.stringMatching(/^NAC_STORE_/) });
    nac.storage.beforeEach = () => 'pass';
    // A read of before may still be under way, and a question that comes meanwhile shares how it ends.
    await expect.poll(() => answered(nac).catch(String)).toBe('111 by v1');
  });
});

test('two instances agree a minute after the activation, whichever of them read last', async () => {
  await using nac = await startConnector();
  const other = createApp(readSettings(nac.env), { clock: nac.clock });
  const both = async () => [await answered(nac), await answered({ ...nac, app: other })];
  await answered(nac);
  nac.clock.advance(30 * SECOND_MS);
  await both();
  const policies = await admin(nac);
  await policies.upload('v1', policyWithVlan(111));
  await policies.activate('v1');
  nac.clock.advance(31 * SECOND_MS);
  expect(await both()).toEqual(['111 by v1', '666 by built-in']);
  nac.clock.advance(30 * SECOND_MS);
  expect(await both()).toEqual(['111 by v1', '111 by v1']);
  await other.close();
});

/** Overrides stand in the same table and are read every ten seconds. */
function readsOfPolicies({ storage }: ConnectorFixture) {
  return storage.requests.filter(({ table, filter }) => table === 'policies' && !filter?.includes("'overrides'"));
}
