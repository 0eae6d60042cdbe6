// Policy asks for groups of Entra ID: from the directory's record to the answer, its change and the job. The whole app
// over services in memory; Intune leads to the device, and the directory knows its groups.

import { expect, test } from 'vitest';
import type { Device } from '../../../shared/domain/device/device.ts';
import type { WhatIfReport } from '../../../shared/policy/what-if.ts';
import { aDeviceOfFleet } from '../../support/a-device.ts';
import { type ListedSource, listedSource } from '../../support/listed-source.ts';
import { MemoryNetwork } from '../../support/memory-network.ts';

const ENTRA = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const OBJECT = '3b241101-e2bb-4255-8caf-4136c566a962';
const STAFF = '9a000000-0000-4000-8000-000000000001';
const BANNED = '9a000000-0000-4000-8000-000000000002';
const STATION = { callingStationId: 'a0-b1-c2-d3-00-01', nasPortId: 'Gi1/0/1', nasPortType: 'Ethernet' };
const SOURCES = `sources:
  - { name: intune, kind: intune, signIn: settings }
  - name: elsewhere
    kind: entra
    tenantId: bbbbbbbb-cccc-dddd-eeee-ffffffffffff
    signIn: { secretSetting: SOURCE_ELSEWHERE_SECRET }
    groups: [${STAFF}, ${BANNED}]
`;
const policyOf = (...rules: readonly string[]) => `roles: { yes: { vlan: 1 }, no: { vlan: 2 } }
rules:
${rules.map((rule) => `  - ${rule}\n`).join('')}  - { name: rest, permit: no }`;
const STAFF_IN = `{ name: staff, when: { group: ${STAFF} }, permit: yes }`;
const BANNED_OUT = `{ name: banned, when: { group: ${BANNED} }, reject: true }`;
const STAFF_NOT_BANNED = `{ name: staff, when: { group: { ${STAFF}: true, ${BANNED}: false } }, permit: yes }`;

type PolicyAdminOf = Awaited<ReturnType<MemoryNetwork['app']['policies']>>;

interface World {
  readonly network: MemoryNetwork;
  /** What a source beside Intune says of the device. */
  says(fields?: Partial<Device>): void;
  inForce(policy: string): Promise<void>;
  answer(): Promise<string>;
  whatIf(policy: string): Promise<WhatIfReport>;
}

async function start(entraIds: { readonly entraIds?: true } = { entraIds: true }): Promise<World> {
  const beside: ListedSource = listedSource('directory', () => network.now, entraIds);
  const network: MemoryNetwork = await MemoryNetwork.start({ moreSources: [beside.setup] });
  const operator = await network.addClient('ada', 'hq', 'administrator');
  const id = network.put(1, { entraDeviceId: ENTRA });
  const { wifiMac: _, serialNumber: _serial, ...device } = aDeviceOfFleet(900);
  let versions = 0;
  await network.run(async () => (await network.app.sources(operator)).upload('s1', SOURCES));
  // The file that reads the groups is in force while a policy is published, and no longer: it names a real tenant.
  const publishing = <T>(work: (policies: PolicyAdminOf) => Promise<T>): Promise<T> =>
    network.run(async () => {
      const sources = await network.app.sources(operator);
      await sources.activate('s1');
      try {
        return await work(await network.app.policies(operator));
      } finally {
        await sources.activate('built-in');
      }
    });
  return {
    network,
    says: (fields = {}) =>
      void beside.devices.set(OBJECT, { ...device, source: 'directory', id: OBJECT, entraDeviceId: ENTRA, ...fields }),
    async inForce(policy) {
      versions += 1;
      const version = `p${versions}`;
      await publishing(async (policies) => {
        await policies.upload(version, policy);
        await policies.activate(version);
      });
      await network.pass(100_000);
    },
    whatIf: (policy) => publishing((policies) => policies.whatIf(policy, [])),
    async answer() {
      const certificate = { sanUri: [`IntuneDeviceId://${id}`] };
      const { decision } = await network.ask({
        ...{ ...STATION, certificate },
        ...{ method: 'eap-tls', userName: 'host/x', eapType: 'TLS' },
      });
      const unread = decision.problems.filter((problem) => problem.startsWith('unreadable-'));
      const got = decision.outcome.verdict === 'permit' ? decision.outcome.role : 'rejected';
      return [got, decision.rule, ...unread].join(' ');
    },
  };
}

async function jobs({ network }: World): Promise<string[]> {
  await network.enforce();
  return (await network.jobs()).map(({ reason }) => reason);
}

test('a device that Intune leads to is in the groups that the directory says', async () => {
  const world = await start();
  world.says({ groups: `+${STAFF} -${BANNED}` });
  await world.network.sweep();
  await world.inForce(policyOf(BANNED_OUT, STAFF_IN));
  expect(await world.answer()).toBe('yes staff');
  await world.inForce(policyOf(STAFF_NOT_BANNED));
  expect(await world.answer()).toBe('yes staff');
  world.says({ groups: `+${STAFF} +${BANNED}` });
  await world.network.sweep();
  expect(await world.answer()).toBe('no rest');
  await world.inForce(policyOf(BANNED_OUT, STAFF_IN));
  expect(await world.answer()).toBe('rejected banned');
});

test('a user who leaves a group is a change that the session gets by CoA', async () => {
  const world = await start();
  world.says({ groups: `+${STAFF} -${BANNED}` });
  await world.network.sweep();
  await world.inForce(policyOf(STAFF_IN));
  expect(await world.answer()).toBe('yes staff');
  expect(await jobs(world)).toEqual([]);
  world.says({ groups: `-${STAFF} -${BANNED}` });
  await world.network.sweep();
  expect(await jobs(world)).toEqual([expect.stringContaining('compliant')]);
});

test('what is not known of a group opens nothing, whichever way the rule asks', async () => {
  const world = await start();
  await world.network.sweep();
  await world.inForce(policyOf(STAFF_IN));
  expect(await world.answer(), 'the directory does not know the device').toBe('no rest unreadable-group');
  await world.inForce(policyOf(`{ name: not, when: { group: { ${BANNED}: false } }, permit: yes }`));
  expect(await world.answer()).toBe('no rest unreadable-group');
  await world.inForce(policyOf(BANNED_OUT));
  expect(await world.answer()).toBe('rejected banned unreadable-group');

  world.says();
  await world.network.sweep();
  expect(await world.answer(), 'its groups were not read').toBe('rejected banned unreadable-group');
  world.says({ groups: `-${BANNED}` });
  await world.network.sweep();
  expect(await world.answer()).toBe('no rest');
});

test('a server that claims the Entra id of a device gets nothing of its groups, and lends none', async () => {
  const world = await start({});
  world.says({ groups: `+${STAFF}` });
  await world.network.sweep();
  await world.inForce(policyOf(STAFF_IN));
  expect(await world.answer()).toBe('no rest unreadable-group');
});

test('a policy that asks for a group which no source reads is not taken', async () => {
  const world = await start();
  const other = '9a000000-0000-4000-8000-000000000009';
  await expect(
    world.inForce(policyOf(`{ name: a, when: { group: [${STAFF}, ${other}] }, permit: yes }`)),
  ).rejects.toThrow(/group that no source reads/);
});

test('what-if counts the groups that another record of the device says', async () => {
  const world = await start();
  world.says({ groups: `+${STAFF}` });
  await world.network.sweep();
  const { fleet } = await world.whatIf(policyOf(STAFF_IN));
  expect(JSON.stringify(fleet)).toMatch(/"to":\{"rule":"staff"/);
});
