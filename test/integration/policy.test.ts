// Versions of policy.yaml in the store, and what answers make of them: Azurite behind a proxy, the clock moved by hand.

import { describe, expect, it } from 'vitest';
import type { PolicyDesk } from '../../shared/app/open-policy.ts';
import { createApp } from '../../shared/app.ts';
import { openClientRegistry } from '../../shared/client-registry.ts';
import { readSettings } from '../../shared/settings.ts';
import { walkSessions } from '../../shared/walk-sessions.ts';
import { collectingLogger } from '../support/collecting-logger.ts';
import { type ConnectorFixture, startConnector } from '../support/connector-fixture.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** Everybody whom the site authenticated gets this VLAN. */
function policyWithVlan(vlan: number): string {
  return `roles: { all: { vlan: ${vlan} } }\nrules: [{ name: all, permit: all }]\n`;
}

async function desk(nac: ConnectorFixture): Promise<PolicyDesk> {
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
  it('is what every instance answers by within a minute, not by what was uploaded only', async () => {
    await using nac = await startConnector();
    const policies = await desk(nac);
    expect(await policies.upload('v1', policyWithVlan(111))).toEqual({ created: true });
    expect(await answered(nac)).toBe('666 by built-in');

    await policies.activate('v1');
    nac.clock.advance(61 * SECOND_MS);
    expect(await answered(nac)).toBe('111 by v1');
  });

  it('is read once a minute: in between a lookup reads no policy', async () => {
    await using nac = await startConnector();
    await answered(nac);
    nac.storage.requests.length = 0;
    nac.clock.advance(59 * SECOND_MS);
    await answered(nac);
    expect(nac.storage.requests.filter(({ table }) => table === 'policies')).toEqual([]);
    nac.clock.advance(2 * SECOND_MS);
    await Promise.all([answered(nac), answered(nac), answered(nac)]);
    expect(nac.storage.requests.filter(({ table }) => table === 'policies').length).toBe(1);
  });

  it('says what is in force, since when, when all instances have it, and what a rollback brings', async () => {
    await using nac = await startConnector();
    const policies = await desk(nac);
    await policies.upload('v1', policyWithVlan(111));
    await policies.upload('v2', policyWithVlan(222));
    await policies.activate('v1');
    const overview = await policies.activate('v2');
    expect(overview).toMatchObject({ inForce: 'v2', rollbackTo: 'v1', versions: [{ by: 'olga' }, { by: 'olga' }] });
    expect(Date.parse(overview.settledAt ?? '') - Date.parse(overview.changedAt ?? '')).toBe(90 * SECOND_MS);
    expect(await policies.text('v2')).toBe(policyWithVlan(222));
  });

  it('of a version that is not there, or of none, changes nothing', async () => {
    await using nac = await startConnector();
    const policies = await desk(nac);
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
  it('stores nothing of a policy with problems, and names their places', async () => {
    await using nac = await startConnector();
    const policies = await desk(nac);
    await expect(policies.upload('v1', 'roles: {}\nrules: []\n')).rejects.toMatchObject({
      code: 'NAC_POLICY',
      message: expect.stringContaining('policy.yaml:1:8'),
    });
    expect((await policies.overview()).versions).toEqual([]);
  });

  it('does no harm twice, and never changes what a version means', async () => {
    await using nac = await startConnector();
    const policies = await desk(nac);
    await policies.upload('v1', policyWithVlan(111));
    expect(await policies.upload('v1', policyWithVlan(111))).toEqual({ created: false });
    await expect(policies.upload('v1', policyWithVlan(112))).rejects.toMatchObject({ code: 'NAC_POLICY_VERSION' });
    expect(await policies.text('v1')).toBe(policyWithVlan(111));
  });

  it('keeps a long policy whole', async () => {
    await using nac = await startConnector();
    const policies = await desk(nac);
    const lines = Array.from({ length: 6_000 }, (_, line) => `# Zürich ${line}`);
    const text = `${lines.join('\n')}\n${policyWithVlan(111)}`;
    await policies.upload('long', text);
    const stored = await policies.text('long');
    expect([stored.length, stored === text]).toEqual([text.length, true]);
  });
});

describe('rollback', () => {
  it('has the very same answer written again: another instance may have told the station what was taken back', async () => {
    await using nac = await startConnector();
    const policies = await desk(nac);
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

  it('brings back the version before with one command; sent twice with --from it goes back once', async () => {
    await using nac = await startConnector();
    const policies = await desk(nac);
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

  it('and activation at the same time both count, one after the other', async () => {
    await using nac = await startConnector();
    const policies = await desk(nac);
    for (const version of ['v1', 'v2', 'v3']) await policies.upload(version, policyWithVlan(111));
    await Promise.all(['v1', 'v2', 'v3'].map((version) => policies.activate(version)));
    const { activations, inForce } = await policies.overview();
    expect(activations.map(({ version }) => version).sort()).toEqual(['v1', 'v2', 'v3']);
    expect(activations.at(-1)?.version).toBe(inForce);
  });
});

describe('without the policy table', () => {
  it('an instance goes on with the policy it knows, says how old that is, and is itself again afterwards', async () => {
    await using nac = await startConnector();
    const policies = await desk(nac);
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

  it('an instance that never read one answers nobody, rather than by another policy than the one in force', async () => {
    await using nac = await startConnector();
    const policies = await desk(nac);
    await policies.upload('v1', policyWithVlan(111));
    await policies.activate('v1');
    nac.storage.beforeEach = ({ table }) => (table === 'policies' ? 'drop' : 'pass');
    await expect(answered(nac)).rejects.toMatchObject({ code: expect.stringMatching(/^NAC_STORE_/) });
    nac.storage.beforeEach = () => 'pass';
    expect(await answered(nac)).toBe('111 by v1');
  });
});

it('two instances agree a minute after the activation, whichever of them read last', async () => {
  await using nac = await startConnector();
  const other = createApp(readSettings(nac.env), { clock: nac.clock });
  const both = async () => [await answered(nac), await answered({ ...nac, app: other })];
  await answered(nac);
  nac.clock.advance(30 * SECOND_MS);
  await both();
  const policies = await desk(nac);
  await policies.upload('v1', policyWithVlan(111));
  await policies.activate('v1');
  nac.clock.advance(31 * SECOND_MS);
  expect(await both()).toEqual(['111 by v1', '666 by built-in']);
  nac.clock.advance(30 * SECOND_MS);
  expect(await both()).toEqual(['111 by v1', '111 by v1']);
  await other.close();
});
