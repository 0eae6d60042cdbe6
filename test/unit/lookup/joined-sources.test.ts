// A device that two sources know, from their polls to the answer, its change and the job: the whole app over services
// in memory.

import { describe, expect, test } from 'vitest';
import type { Device } from '../../../shared/domain/device/device.ts';
import { aDeviceOfFleet, aMac } from '../../support/a-device.ts';
import { type ListedSource, listedSource } from '../../support/listed-source.ts';
import { MemoryNetwork } from '../../support/memory-network.ts';

const ENTRA = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const MAC = 'a0-b1-c2-d3-00-01';
const STATION = { callingStationId: MAC, nasPortId: 'Gi1/0/1', nasPortType: 'Ethernet' };

async function start(precedence?: number): Promise<{ network: MemoryNetwork; jamf: ListedSource; id: string }> {
  const jamf = listedSource('jamf', () => network.now, precedence === undefined ? {} : { precedence });
  const network: MemoryNetwork = await MemoryNetwork.start({ moreSources: [jamf.setup] });
  const id = network.put(1, { entraDeviceId: ENTRA });
  return { network, jamf, id };
}

/** The same machine as Jamf has it: a number for an id, and neither address nor serial number of Intune's record. */
function put({ devices }: ListedSource, fields: Partial<Device> = {}): void {
  const { wifiMac: _, serialNumber: _serial, ...device } = aDeviceOfFleet(900);
  devices.set('900', { ...device, source: 'jamf', id: '900', entraDeviceId: ENTRA, ...fields });
}

function ask(network: MemoryNetwork, id: string) {
  const certificate = { sanUri: [`IntuneDeviceId://${id}`] };
  return network.ask({ ...STATION, method: 'eap-tls', userName: 'host/x', eapType: 'TLS', certificate });
}

async function jobs(network: MemoryNetwork): Promise<string[]> {
  await network.enforce();
  return (await network.jobs()).map(({ reason }) => reason.replace(/ \(.*/, ''));
}

test('the worse verdict counts, and the answer names each record that was looked at', async () => {
  const { network, jamf, id } = await start();
  put(jamf, { complianceState: 'noncompliant' });
  await network.sweep();
  const { decision } = await ask(network, id);
  expect(decision).toMatchObject({
    standing: 'noncompliant',
    outcome: { role: 'quarantine' },
    device: { source: 'intune', id, joined: [{ source: 'jamf', id: '900', version: 1 }] },
    facts: {
      source: 'jamf',
      device: { complianceState: 'compliant', name: 'PC-0001' },
      sourcesReachable: { intune: true, jamf: true },
      records: {
        found: 'intune',
        because: 'worst',
        all: [
          { source: 'intune', standing: 'compliant' },
          { source: 'jamf', standing: 'noncompliant' },
        ],
      },
    },
  });
  expect(decision.device?.asOf).toBe(decision.facts?.records?.all[1]?.asOf);
});

test('a change in either source brings the CoA to a session that was answered from the other', async () => {
  const { network, jamf, id } = await start();
  put(jamf);
  await network.sweep();
  const { decision } = await ask(network, id);
  expect(decision).toMatchObject({ standing: 'compliant', facts: { records: { because: 'agreed' } } });
  expect(await jobs(network)).toEqual([]);

  put(jamf, { complianceState: 'noncompliant' });
  await network.sweep();
  expect(await jobs(network)).toEqual(['compliant -> noncompliant']);
  expect((await ask(network, id)).decision.standing).toBe('noncompliant');

  // Each turn of the other record is a difference of its own, though that of the device stays what it was.
  put(jamf);
  await network.sweep();
  expect((await jobs(network)).at(0)).toBe('noncompliant -> compliant');
  expect((await ask(network, id)).decision.standing).toBe('compliant');
});

test('a record that comes later, and one that goes, count from the sweep that sees them', async () => {
  const { network, jamf, id } = await start();
  await network.sweep();
  expect((await ask(network, id)).decision).toMatchObject({ standing: 'compliant', facts: { source: 'intune' } });

  put(jamf, { complianceState: 'noncompliant' });
  await network.sweep();
  // By the page that named it: no comparison of all sessions has run.
  expect((await network.jobs()).map(({ reason }) => reason)).toEqual([
    expect.stringContaining('compliant -> noncompliant'),
  ]);
  expect(await jobs(network)).toEqual(['compliant -> noncompliant']);
  expect((await ask(network, id)).decision.standing).toBe('noncompliant');

  jamf.devices.delete('900');
  jamf.devices.set('901', { ...aDeviceOfFleet(901), source: 'jamf', id: '901' });
  for (let sweep = 0; sweep < 3; sweep++) await network.sweep();
  expect((await jobs(network)).at(0)).toBe('noncompliant -> compliant');
  expect((await ask(network, id)).decision).toMatchObject({ standing: 'compliant', facts: { source: 'intune' } });
});

test('ISE hears the worse verdict, too', async () => {
  const { network, jamf, id } = await start();
  const ise = await network.addClient('ise', 'hq', 'ise');
  const query = { paging: '0', querycriteria: 'guid', value: id, filter: 'all', ise_api_version: '3' };
  const request = { method: 'GET', path: '/ciscoise/devices/', query: Object.entries(query) };
  const status = async () => {
    const xml = await network.run(() => network.app.mdmApi(ise, request, ''));
    return /<status>(\w+)<\/status>/.exec(xml)?.[1];
  };
  put(jamf);
  await network.sweep();
  expect(await status()).toBe('true');
  put(jamf, { complianceState: 'noncompliant' });
  await network.sweep();
  expect(await status()).toBe('false');
});

describe('on ISE’s list', () => {
  async function listed(network: MemoryNetwork, key: string, identifier: 'guid' | 'macaddress'): Promise<string[]> {
    const query = { querycriteria: 'compliance', value: 'false', deviceidentifier: identifier };
    const request = { method: 'GET', path: '/ciscoise/devices/', query: Object.entries(query) };
    const xml = await network.run(() => network.app.mdmApi(key, request, ''));
    return [...xml.matchAll(new RegExp(`<device><${identifier}>([^<]*)`, 'g'))]
      .map(([, value = '']) => value)
      .toSorted();
  }

  function asked(network: MemoryNetwork, key: string, value: string): Promise<string> {
    const query = Object.entries({ querycriteria: 'guid', value });
    const request = { method: 'GET', path: '/ciscoise/devices/', query };
    return network.run(() => network.app.mdmApi(key, request, ''));
  }

  test('the device is by each of its records, once, when either source says that it is not compliant', async () => {
    const { network, jamf, id } = await start();
    const ise = await network.addClient('ise', 'hq', 'ise');
    const bySources = [
      ['compliant', 'compliant', []],
      ['compliant', 'noncompliant', [id, '900']],
      ['noncompliant', 'compliant', [id, '900']],
      ['noncompliant', 'noncompliant', [id, '900']],
    ] as const;
    for (const [ofIntune, ofJamf, keys] of bySources) {
      network.put(1, { entraDeviceId: ENTRA, complianceState: ofIntune });
      put(jamf, { complianceState: ofJamf });
      await network.sweep();
      expect(await listed(network, ise, 'guid'), `${ofIntune}, ${ofJamf}`).toEqual([...keys].toSorted());
      // Jamf's record has no address: the endpoint is known by Intune's.
      expect(await listed(network, ise, 'macaddress')).toEqual(keys.length === 0 ? [] : ['A0B1C2D30001']);
    }
  });

  test('an address or a GUID that both records have is there once', async () => {
    const { network, jamf, id } = await start();
    const ise = await network.addClient('ise', 'hq', 'ise');
    network.put(1, { entraDeviceId: ENTRA, complianceState: 'noncompliant' });
    const device = { ...aDeviceOfFleet(1), source: 'jamf', id, entraDeviceId: ENTRA, wifiMac: aMac('a0b1c2d30001') };
    for (const complianceState of ['compliant', 'noncompliant'] as const) {
      jamf.devices.set(id, { ...device, complianceState });
      await network.sweep();
      expect(await listed(network, ise, 'guid')).toEqual([id]);
      expect(await listed(network, ise, 'macaddress')).toEqual(['A0B1C2D30001']);
    }
  });

  test('precedence is the operator’s word, and a disabled account counts whatever it says', async () => {
    const { network, jamf, id } = await start(7);
    const ise = await network.addClient('ise', 'hq', 'ise');
    network.put(1, { entraDeviceId: ENTRA, complianceState: 'noncompliant' });
    put(jamf);
    await network.sweep();
    expect(await listed(network, ise, 'guid')).toEqual([]);
    network.put(1, { entraDeviceId: ENTRA });
    put(jamf, { complianceState: 'noncompliant' });
    await network.sweep();
    expect(await listed(network, ise, 'guid')).toEqual([id, '900'].toSorted());
    put(jamf, { accountEnabled: false });
    await network.sweep();
    expect(await listed(network, ise, 'guid')).toEqual([id, '900'].toSorted());
  });

  test('a block of one record blocks the device by each, there and where it alone is asked for', async () => {
    const { network, jamf, id } = await start();
    const ise = await network.addClient('ise', 'hq', 'ise');
    put(jamf, { name: 'MAC-900' });
    await network.sweep();
    const operator = await network.addClient('ada', 'hq', 'administrator');
    const until = new Date(Date.parse(network.now) + 3_600_000).toISOString();
    const block = JSON.stringify({ device: 'MAC-900', block: true, until, reason: 'stolen' });
    await network.run(() => network.app.makeOverride(operator, block));
    await network.pass(30_000);
    expect(await listed(network, ise, 'guid')).toEqual([id, '900'].toSorted());
    for (const value of [id, '900']) {
      expect(await asked(network, ise, value), value).toContain('An operator has blocked it');
    }
  });

  test('every GUID that is there leads back to its device, and one that two sources gave leads to neither', async () => {
    const { network, jamf } = await start();
    const other = listedSource('other', () => network.now);
    const { entraDeviceId: _, ...alone } = aDeviceOfFleet(901);
    const both = await MemoryNetwork.start({ moreSources: [jamf.setup, other.setup] });
    const ise = await both.addClient('ise', 'hq', 'ise');
    jamf.devices.set('901', { ...alone, source: 'jamf', id: '901', complianceState: 'noncompliant' });
    await both.sweep();
    expect(await listed(both, ise, 'guid')).toEqual(['901']);
    expect(await asked(both, ise, '901')).toContain('<guid>901</guid><attributes><register_status>true');
    other.devices.set('901', { ...aDeviceOfFleet(77), source: 'other', id: '901' });
    await both.sweep();
    expect(await asked(both, ise, '901')).toContain('Several enrolled devices');
  });

  test('what the breaker holds back counts no more than in a lookup', async () => {
    const network = await MemoryNetwork.start({ env: { MASS_CHANGE_DEVICES: '2' } });
    const ise = await network.addClient('ise', 'hq', 'ise');
    const ids = Array.from({ length: 6 }, (_, number) => network.put(number + 1));
    await network.sweep();
    for (const [number] of ids.entries()) network.put(number + 1, { complianceState: 'noncompliant' });
    await network.sweep();
    for (const id of ids) {
      expect((await ask(network, id)).decision).toMatchObject({
        standing: 'compliant',
        facts: { marks: expect.arrayContaining(['held']) },
      });
    }
    expect(await listed(network, ise, 'guid')).toEqual([]);
    const xml = await asked(network, ise, ids[0] ?? '');
    expect(xml).toMatch(/<status>true<\/status><failure_reason>Something newer is known/);
  });
});

test('what-if looks at the device once, by the verdict that counts', async () => {
  const { network, jamf } = await start();
  put(jamf, { complianceState: 'noncompliant' });
  await network.sweep();
  const operator = await network.addClient('ada', 'hq', 'administrator');
  const draft = `roles: { other: { vlan: 1 } }
rules:
  - { name: good, when: { source: [intune, jamf], compliance: compliant }, permit: other }
  - { name: rest, reject: true }`;
  const { fleet } = await network.run(async () => (await network.app.policies(operator)).whatIf(draft, []));
  expect(fleet).toMatchObject({ looked: 1, changing: 1 });
  expect(JSON.stringify(fleet)).toMatch(/"to":\{"rule":"rest"/);
});

test('precedence is the operator’s word', async () => {
  const { network, jamf, id } = await start(10);
  network.put(1, { complianceState: 'noncompliant' });
  put(jamf);
  await network.sweep();
  expect((await ask(network, id)).decision).toMatchObject({
    standing: 'compliant',
    facts: { source: 'jamf', records: { because: 'precedence' } },
  });
});

test('by an address that both records have the device is found, unless they share nothing more', async () => {
  const { network, jamf } = await start();
  const mac = { wifiMac: 'a0b1c2d30001' as NonNullable<Device['wifiMac']> };
  const byMac = async () =>
    (await network.ask({ ...STATION, method: 'mab', userName: MAC, nasPortType: 'Ethernet' })).decision;
  put(jamf, { ...mac, complianceState: 'noncompliant' });
  await network.sweep();
  expect(await byMac()).toMatchObject({ standing: 'noncompliant', device: { source: 'intune' } });

  put(jamf, { ...mac, entraDeviceId: '3b241101-e2bb-4255-8caf-4136c566a962', serialNumber: 'SN0001' });
  await network.sweep();
  expect((await byMac()).standing).toBe('ambiguous');
});

test('an operator blocks the device by whichever of its records', async () => {
  const { network, jamf, id } = await start();
  put(jamf, { name: 'MAC-900' });
  await network.sweep();
  expect((await ask(network, id)).decision.outcome.verdict).toBe('permit');
  const operator = await network.addClient('ada', 'hq', 'administrator');
  const until = new Date(Date.parse(network.now) + 3_600_000).toISOString();
  const block = JSON.stringify({ device: 'MAC-900', block: true, until, reason: 'stolen' });
  await network.run(() => network.app.makeOverride(operator, block));
  await network.pass(30_000);
  expect((await ask(network, id)).decision).toMatchObject({ outcome: { verdict: 'deny' }, rule: 'override/block' });
});

test('a policy looks at the source whose verdict counts, and at any source by name', async () => {
  const { network, jamf, id } = await start();
  put(jamf);
  await network.sweep();
  const operator = await network.addClient('ada', 'hq', 'administrator');
  const roleBy = async (version: string, when: string) => {
    const policy = `roles: { yes: { vlan: 1 }, no: { vlan: 2 } }
rules:
  - { name: asked, when: ${when}, permit: yes }
  - { name: rest, permit: no }`;
    await network.run(async () => {
      const admin = await network.app.policies(operator);
      await admin.upload(version, policy);
      await admin.activate(version);
    });
    await network.pass(100_000);
    const { outcome } = (await ask(network, id)).decision;
    return outcome.verdict === 'permit' && outcome.role;
  };
  expect(await roleBy('p1', '{ source: intune }')).toBe('yes');
  expect(await roleBy('p2', '{ source: jamf }')).toBe('no');
  expect(await roleBy('p3', '{ sourceReachable: { jamf: true, intune: true } }')).toBe('yes');
  expect(await roleBy('p4', '{ sourceReachable: { jamf: false } }')).toBe('no');
  expect(await roleBy('p5', '{ sourceReachable: { meraki: false } }')).toBe('no');
  put(jamf, { complianceState: 'noncompliant' });
  await network.sweep();
  // Found by Intune's record, judged by Jamf's: neither name alone holds.
  expect(await roleBy('p6', '{ source: intune }')).toBe('no');
  expect(await roleBy('p7', '{ source: jamf }')).toBe('no');
  expect(await roleBy('p8', '{ source: [intune, jamf] }')).toBe('yes');
});

test('the GUID of Intune joins a record that has it as its id, from both sides', async () => {
  const { network, jamf, id } = await start();
  const { wifiMac: _, entraDeviceId: _entra, ...device } = aDeviceOfFleet(7);
  jamf.devices.set(id, { ...device, source: 'jamf', id, complianceState: 'noncompliant' });
  await network.sweep();
  expect((await ask(network, id)).decision.standing).toBe('noncompliant');
});

test('a source that claims an id for hundreds of its devices takes nothing from another that says it is noncompliant', async () => {
  const { network, jamf, id } = await start();
  network.put(1, { complianceState: 'noncompliant' });
  for (let number = 0; number < 250; number++) {
    const own = String(1_000 + number);
    jamf.devices.set(own, { ...aDeviceOfFleet(number), source: 'jamf', id: own, entraDeviceId: ENTRA });
  }
  await network.sweep();
  const { decision } = await ask(network, id);
  expect(decision).toMatchObject({ standing: 'noncompliant', device: { source: 'intune' } });
  expect(decision.facts?.records?.all.length).toBeLessThanOrEqual(8);
});
