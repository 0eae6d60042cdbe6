// What a draft would change, over a fleet polled from the simulated tenant and sessions that asked.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openClientRegistry } from '../../../shared/app/client-registry.ts';
import type { PolicyAdmin } from '../../../shared/app/open-policy.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

const ROOT = join(import.meta.dirname, '../../..');
const MINUTE_MS = 60_000;

/** As the built-in policy, but strangers are refused. */
const STRICTER = `roles:
  compliant: { vlan: 10 }
  quarantine: { vlan: 666 }
rules:
  - { name: permit-compliant, when: { compliance: [compliant, inGracePeriod] }, permit: compliant }
  - { name: strangers, when: { compliance: notEnrolled }, reject: true }
  - { name: quarantine-others, permit: quarantine }
`;
const SAME = STRICTER.replace('  - { name: strangers, when: { compliance: notEnrolled }, reject: true }\n', '');
const NO_DEVICE = 'roles: { none: { vlan: 1 } }\nrules: [{ name: no-device, reject: true }]\n';

async function polled(): Promise<
  { nac: ConnectorFixture; policies: PolicyAdmin; administrator: string } & AsyncDisposable
> {
  const nac = await startConnector({ env: { JOBS_IN_FLIGHT_PER_SITE: '2' } });
  const registry = await openClientRegistry({
    kind: 'connection-string',
    connectionString: nac.storage.connectionString,
  });
  const branchKey = await registry.createClient('radius-2', 'branch');
  await nac.app.poll(MINUTE_MS);
  const ask = (apiKey: string, mac: string) =>
    nac.app.lookup(apiKey, JSON.stringify({ method: 'mab', userName: mac, callingStationId: mac }));
  await ask(nac.apiKey, String(nac.tenant.fleet.get('NAC-00001').wiFiMacAddress));
  for (const last of ['01', '02', '03']) await ask(nac.apiKey, `A4-BB-6D-FF-FF-${last}`);
  await ask(branchKey, 'A4-BB-6D-FF-FF-01');
  const administrator = await registry.createClient('olga', 'hq', 'administrator');
  const policies = await nac.app.policies(administrator);
  return { nac, policies, administrator, [Symbol.asyncDispose]: () => nac[Symbol.asyncDispose]() };
}

describe('what-if', () => {
  test('counts the live sessions that would get another answer, by site and rule, and names them', async () => {
    await using admin = await polled();
    const { sessions, enforcing } = await admin.policies.whatIf(STRICTER, []);
    expect(sessions).toMatchObject({
      looked: 5,
      changing: 4,
      bySite: { hq: 3, branch: 1 },
      byRule: { 'quarantine-others -> strangers': 4 },
    });
    expect(sessions.examples.map(({ mac }) => mac).sort()).toEqual([
      'a4bb6dffff01',
      'a4bb6dffff01',
      'a4bb6dffff02',
      'a4bb6dffff03',
    ]);
    // Three jobs, two at a time: two rounds of ten seconds, after ninety until all instances have the new version.
    expect(enforcing).toMatchObject({ secondsBySite: { hq: 110, branch: 100 }, seconds: 110 });
  });

  test('counts the stored devices that would get something else than by the policy in force', async () => {
    await using admin = await polled();
    const { fleet } = await admin.policies.whatIf(NO_DEVICE, []);
    expect([fleet.looked, fleet.changing]).toEqual([admin.nac.tenant.fleet.size, admin.nac.tenant.fleet.size]);
    const same = await admin.policies.whatIf(SAME, []);
    expect([same.fleet.changing, same.sessions.changing, same.enforcing.seconds]).toEqual([0, 0, 0]);
    await admin.policies.upload('v1', NO_DEVICE);
    await admin.policies.activate('v1');
    expect((await admin.policies.whatIf(NO_DEVICE, [])).fleet.changing).toBe(0);
  });

  test('takes a device that has been silent for too long as silent, as a lookup would', async () => {
    await using admin = await polled();
    const { nac, policies } = admin;
    const refused = SAME.replace(
      'rules:\n',
      'rules:\n  - { name: silent, when: { compliance: silent }, reject: true }\n',
    );
    expect((await policies.whatIf(refused, [])).fleet.changing).toBe(0);
    nac.clock.advance(40 * 24 * 60 * MINUTE_MS);
    expect((await policies.whatIf(refused, [])).fleet.changing).toBe(nac.tenant.fleet.size);
  });

  test('takes stored devices to ask as the query says', async () => {
    await using admin = await polled();
    const byMac = SAME.replace(
      'rules:\n',
      'rules:\n  - { name: mac, when: { assurance: mac, site: hq }, reject: true }\n',
    );
    const changing = async (query: [string, string][]) => (await admin.policies.whatIf(byMac, query)).fleet.changing;
    expect(await changing([])).toBe(0);
    expect(
      await changing([
        ['assurance', 'mac'],
        ['site', 'hq'],
      ]),
    ).toBe(admin.nac.tenant.fleet.size);
    await expect(changing([['colour', 'red']])).rejects.toMatchObject({ code: 'NAC_REQUEST_FIELD', field: 'colour' });
  });

  test('changes nothing, and refuses a draft with problems', async () => {
    await using admin = await polled();
    admin.nac.storage.requests.length = 0;
    await admin.policies.whatIf(STRICTER, []);
    expect(admin.nac.storage.requests.filter(({ writes }) => writes > 0)).toEqual([]);
    await expect(admin.policies.whatIf('rules: []', [])).rejects.toMatchObject({ code: 'NAC_POLICY' });
  });

  test('leaves out sessions that are over', async () => {
    await using admin = await polled();
    admin.nac.clock.advance(25 * 60 * MINUTE_MS);
    expect((await admin.policies.whatIf(STRICTER, [])).sessions.looked).toBe(0);
  });
});

test('npm run policy: checks, uploads, tries, activates, rolls back and lists', async () => {
  await using admin = await polled();
  const folder = await mkdtemp(join(tmpdir(), 'nac-policy-'));
  const file = join(folder, 'policy.yaml');
  const list = join(folder, 'printers.txt');
  await writeFile(file, STRICTER);
  try {
    const env = { ...process.env, StorageConnection: admin.nac.env['StorageConnection'] };
    const run = async (...words: string[]) =>
      (await promisify(execFile)(process.execPath, [join(ROOT, 'cli/policy.ts'), ...words], { env })).stdout;
    expect(await run('check', file)).toContain('is right: 3 rules');
    expect(await run('upload', 'v1', file, '--reason', 'printers need it')).toContain('"v1" is in the store');
    await writeFile(list, '00:11:22\n');
    expect(await run('upload-list', 'printers', list, '--reason', 'new ones')).toContain('1 addresses');
    expect(await run('what-if', file)).toContain('get another answer: 4 of 5');
    expect(await run('activate', 'v1', '--reason', ' change 4711 ')).toContain('"v1" is in force');
    expect(await run('show', 'v1')).toBe(`${STRICTER}\n`);
    expect(await run('rollback', '--from', 'v1', '--reason', 'they did not')).toContain('"built-in" is in force');
    expect(await run('list')).toMatch(/In force: "built-in" since [\s\S]*v1 {2}\(/);
    const { entries } = await admin.nac.app.audit(admin.administrator, []);
    const by = 'holder of the connection string';
    expect(entries.filter(({ action }) => action !== 'create-client')).toMatchObject([
      { by, from: 'command-line', action: 'roll-back-policy', target: 'v1', reason: 'they did not' },
      { by, from: 'command-line', action: 'activate-policy', target: 'v1', reason: 'change 4711' },
      { by, from: 'command-line', action: 'upload-mac-list', target: 'printers', reason: 'new ones' },
      { by, from: 'command-line', action: 'upload-policy', target: 'v1', reason: 'printers need it' },
    ]);
    await writeFile(
      file,
      `${STRICTER}sites: { hq: { observe: quarantine } }\n`.replace(
        'reject: true',
        'reject: true, observe: quarantine',
      ),
    );
    const checked = await run('check', file);
    expect(checked).toContain('Only observed, so whom these rules reject gets on: strangers.');
    expect(checked).toContain('Only observed, so no station is rejected there: sites hq.');
    await writeFile(file, 'rules: {');
    await expect(run('check', file)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/NAC_POLICY.*\n.*:1:\d+/),
    });
    await expect(run('explode')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('Usage:') });
  } finally {
    await rm(folder, { recursive: true });
  }
});
