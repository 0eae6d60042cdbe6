// How well a fleet can be recognised, as the doctor counts it.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MatchProblem, matchQuality } from '../../../shared/doctor/match-quality.ts';
import type { Device, DeviceRecord } from '../../../shared/domain/device/device.ts';
import { aDeviceOfFleet, aMac, aStoredDevice } from '../../support/a-device.ts';

async function* fleet(devices: readonly Partial<Device>[], presence: DeviceRecord['presence'] = 'present') {
  let number = 0;
  for (const fields of devices) {
    number += 1;
    yield aStoredDevice({ device: { ...aDeviceOfFleet(number), ...fields }, presence });
  }
}

async function findings(devices: readonly Partial<Device>[], most = 20) {
  const { problems } = await matchQuality(fleet(devices), most);
  return (problem: MatchProblem) => problems.find((finding) => finding.problem === problem);
}

test('a fleet of distinct devices has no problem', async () => {
  const { devices, problems } = await matchQuality(fleet([{}, {}, {}]), 20);
  expect(devices).toBe(3);
  expect(problems.map((finding) => finding.devices)).toEqual([0, 0, 0, 0, 0, 0]);
});

test('devices that are gone are counted apart and collide with no device', async () => {
  expect(await matchQuality(fleet([{ name: 'A' }, { name: 'A' }], 'gone'), 20)).toMatchObject({ devices: 0, gone: 2 });
});

test('an Ethernet address is enough, a random one is not', async () => {
  const { wifiMac: _wifi, ...without } = aDeviceOfFleet(9);
  const random = aMac('02b1c2d3e4f5');
  const of = async (fields: Partial<Device>) => {
    const { problems } = await matchQuality(
      (async function* () {
        yield aStoredDevice({ device: { ...without, ...fields } });
      })(),
      20,
    );
    return problems.filter(({ devices }) => devices > 0).map(({ problem }) => problem);
  };
  expect(await of({ ethernetMac: aMac('a0b1c2d3e4f5') })).toEqual([]);
  expect(await of({ wifiMac: random })).toEqual(['random-mac']);
  expect(await of({ wifiMac: random, ethernetMac: aMac('a0b1c2d3e4f5') })).toEqual([]);
  expect(await of({})).toEqual(['no-mac']);
});

test('names are compared as lookups compare them', async () => {
  const find = await findings([{ name: 'LT-1' }, { name: ' lt-1' }, { name: 'LT-2' }]);
  expect(find('shared-name')).toMatchObject({ devices: 2, examples: [{ shared: 'lt-1', more: 0 }] });
});

test.each(['0', '', 'Default string', 'To be filled by O.E.M.', 'System Serial Number', 'None'])(
  'the serial number "%s" is none',
  async (serialNumber) => {
    expect((await findings([{ serialNumber }, { serialNumber }]))('enrolled-twice')?.devices).toBe(0);
  },
);

test('records of one machine, by serial number or Entra device, are enrolled twice, not a collision', async () => {
  const entra = '5f1a0f3e-6a52-4a3c-8f3b-0d3d5a2e7c11';
  const find = await findings([
    { name: 'LT', wifiMac: aMac('a0b1c2d3e4f5'), serialNumber: 'PF1' },
    { name: 'LT', wifiMac: aMac('a0b1c2d3e4f5'), serialNumber: ' pf1', entraDeviceId: entra },
    { serialNumber: '0', entraDeviceId: entra },
    { serialNumber: 'PF2' },
  ]);
  expect(find('enrolled-twice')).toMatchObject({ devices: 3, examples: [{ shared: 'serial number pf1', more: 0 }] });
  expect([find('shared-mac')?.devices, find('shared-name')?.devices]).toEqual([0, 0]);
});

test('a record with the marks of two machines shows that they are one, in any order', async () => {
  const entra = '5f1a0f3e-6a52-4a3c-8f3b-0d3d5a2e7c11';
  const records = [{ serialNumber: 'PF1' }, { entraDeviceId: entra }, { serialNumber: 'PF1', entraDeviceId: entra }];
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(records, { minLength: 3 }), async (inAnyOrder) => {
      const finding = (await findings(inAnyOrder))('enrolled-twice');
      expect([finding?.devices, finding?.examples.length]).toEqual([3, 1]);
    }),
  );
});

test('examples are bounded, counts are not: the most shared value first', async () => {
  const twins = Array.from({ length: 30 }, (_, index) => ({ name: `TWIN-${index >> 1}` }));
  const crowd = Array.from({ length: 9 }, () => ({ name: 'CROWD' }));
  const finding = (await findings([...twins, ...crowd], 4))('shared-name');
  expect(finding?.devices).toBe(39);
  expect(finding?.examples).toHaveLength(4);
  expect(finding?.examples[0]).toMatchObject({ shared: 'crowd', more: 4 });
  expect(finding?.examples[0]?.devices).toHaveLength(5);
});

test('whatever the fleet, a device shares a name exactly if another one has it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'C', 'c ', 'd')), async (names) => {
      const comparable = names.map((name) => name.trim().toLowerCase());
      const sharing = comparable.filter((name) => comparable.filter((other) => other === name).length > 1).length;
      expect((await findings(names.map((name) => ({ name }))))('shared-name')?.devices).toBe(sharing);
    }),
  );
});

test('what several sources know of one device is counted once, and is no second enrolment', async () => {
  const entraDeviceId = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
  const serialNumber = 'PF1';
  const records = (complianceState: Device['complianceState']) => [
    { entraDeviceId, serialNumber },
    { source: 'jamf', id: '4711', entraDeviceId, serialNumber, complianceState },
    { source: 'jamf', id: '4712', serialNumber: 'PF2' },
  ];
  const agreeing = await matchQuality(fleet(records('compliant')), 20);
  expect(agreeing).toMatchObject({ devices: 3, joined: 1 });
  expect(agreeing.problems.map(({ devices }) => devices)).toEqual([0, 0, 0, 0, 0, 0]);
  const find = await findings(records('noncompliant'));
  expect(find('sources-disagree')).toMatchObject({
    devices: 2,
    examples: [{ shared: 'intune compliant, jamf noncompliant' }],
  });
});
