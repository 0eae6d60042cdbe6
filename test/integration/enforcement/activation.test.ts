// An activation's CoAs: no station is asked to come back before every instance gives the new answer; then all are.

import { expect, test } from 'vitest';
import { openClientRegistry } from '../../../shared/app/client-registry.ts';
import { ask, type Enforcement, jobsOf, pollAgain, SECOND_MS, startEnforcement, turn } from './enforcement-fixture.ts';

const STAFF_IN_20 = `roles:
  staff: { vlan: 20 }
  quarantine: { vlan: 666 }
rules:
  - { name: compliant, when: { compliance: compliant }, permit: staff }
  - { name: rest, permit: quarantine }
`;

async function activate(nac: Enforcement, version: string, text: string): Promise<void> {
  const registry = await openClientRegistry({
    kind: 'connection-string',
    connectionString: nac.storage.connectionString,
  });
  const policies = await nac.app.policies(await registry.createClient(`olga-${version}`, 'hq', 'administrator'));
  await policies.upload(version, text);
  await policies.activate(version);
}

test('waits until no instance can hold the old version, then tells who was answered by it, once', async () => {
  await using nac = await startEnforcement();
  await ask(nac, 'NAC-00001');
  await nac.app.enforce();
  await activate(nac, 'v1', STAFF_IN_20);
  for (const seconds of [0, 11, 30, 30]) {
    nac.clock.advance(seconds * SECOND_MS);
    await nac.app.enforce();
    expect(await jobsOf(nac), `after ${seconds} more seconds`).toEqual([]);
  }
  nac.clock.advance(20 * SECOND_MS);
  await nac.app.enforce();
  expect(await jobsOf(nac)).toMatchObject([
    { wanted: { role: 'staff', vlan: '20' }, reason: expect.stringContaining('(compliant)') },
  ]);
  await nac.app.enforce();
  expect((await jobsOf(nac)).length).toBe(1);
});

test('leaves alone a station that was answered by the new version, although enforcement has not heard of it yet', async () => {
  await using nac = await startEnforcement({ POLLING_INTERVAL: '1s' });
  await nac.app.enforce();
  await activate(nac, 'v1', STAFF_IN_20);
  // This lookup is the first of its process, so it reads the new version; enforcement remembers the old one for ten
  // seconds.
  expect((await ask(nac, 'NAC-00001')).decision.policyVersion).toBe('v1');
  nac.tenant.fleet.patch('NAC-00001', { osVersion: '10.0.99999' });
  nac.clock.advance(2 * SECOND_MS);
  await nac.app.poll(60 * SECOND_MS);
  expect(nac.changes.at(-1)).toMatchObject({ fields: ['osVersion'] });
  expect(await jobsOf(nac)).toEqual([]);
});

test('a device that turns meanwhile is quarantined at once, by whatever version', async () => {
  await using nac = await startEnforcement();
  await ask(nac, 'NAC-00001');
  await activate(nac, 'v1', STAFF_IN_20);
  turn(nac, 'NAC-00001', 'noncompliant');
  await pollAgain(nac);
  expect(await jobsOf(nac)).toMatchObject([{ wanted: { role: 'quarantine', vlan: '666' }, urgent: true }]);
});
