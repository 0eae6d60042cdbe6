// The doctor on devices: one as everybody sees it, and those that can never be recognised.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ManagedDevice } from '../../../local/intune-tenant/managed-device.ts';
import type { MatchQuality } from '../../../shared/doctor/match-quality.ts';
import type { DeviceView } from '../../../shared/doctor/show-device.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';
import { runDoctor } from '../../support/run-doctor.ts';

let fixture: ConnectorFixture;
let device: ManagedDevice;

beforeAll(async () => {
  fixture = await startConnector({ tenant: { fleetSize: 0 } });
  const { fleet } = fixture.tenant;
  device = fleet.add({
    deviceName: 'LT-0042',
    wiFiMacAddress: '8C16455D1C19',
    ethernetMacAddress: '8C16455D1C20',
    serialNumber: 'PF1',
  });
  fleet.add({ deviceName: 'LT-0043', wiFiMacAddress: '8C16455D1C21', serialNumber: 'PF2' });
  fleet.add({ deviceName: 'DOCKED-1', wiFiMacAddress: '8C16455D1C30', serialNumber: 'PF3' });
  fleet.add({ deviceName: 'DOCKED-2', wiFiMacAddress: '8C16455D1C30', serialNumber: 'PF4' });
  fleet.add({ deviceName: 'KIOSK', wiFiMacAddress: '', ethernetMacAddress: null, serialNumber: '0' });
  fleet.add({ deviceName: 'Kiosk', wiFiMacAddress: '', ethernetMacAddress: null, serialNumber: '0' });
  fleet.add({ deviceName: 'PHONE', wiFiMacAddress: '8216455D1C50', serialNumber: 'PF5' });
  fleet.add({ deviceName: 'LT-OLD', wiFiMacAddress: '8C16455D1C60', serialNumber: 'PF5' });
  await fixture.app.poll(600_000);
});

afterAll(() => fixture[Symbol.asyncDispose]());

async function show(asked: string): Promise<DeviceView> {
  const { stdout, stderr } = await runDoctor(fixture.env, ['--json', '--device', asked]);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

const answerOf = (view: DeviceView, title: RegExp) => {
  const found = view.answers.find((answer) => title.test(answer.title))?.answer;
  return found && 'body' in found ? found : undefined;
};

describe('--device shows one device as everybody sees it', () => {
  test.each([
    ['its id', () => device.id],
    ['its id in capitals', () => device.id.toUpperCase()],
    ['its Entra device id', () => device.azureADDeviceId ?? ''],
    ['its name', () => 'lt-0042'],
    ['its Wi-Fi MAC', () => '8c-16-45-5d-1c-19'],
  ])('asked by %s', async (_by, asked) => {
    const view = await show(asked());
    expect(view).toMatchObject({ id: device.id, others: [] });
    expect(view.stored).toMatchObject({ presence: 'present', device: { name: 'LT-0042' } });
    expect(JSON.parse(answerOf(view, /whole record/)?.body ?? '')).toMatchObject({ deviceName: 'LT-0042' });
    expect(JSON.parse(answerOf(view, /Ethernet/)?.body ?? '')).toMatchObject({ ethernetMacAddress: '8C16455D1C20' });
    expect(answerOf(view, /asked by id/)?.body).toContain('<register_status>true</register_status>');
    expect(answerOf(view, /asked by MAC 8c16455d1c19/)?.status).toBe(200);
  });

  test('one that is not stored yet is found in Graph by its name, whatever Graph does with the filter', async () => {
    const fresh = fixture.tenant.fleet.add({ deviceName: "O'Brien's laptop" });
    for (const supportedFilter of ['honoured', 'ignored'] as const) {
      fixture.tenant.behave({ supportedFilter });
      const view = await show("O'Brien's laptop");
      expect(view.id).toBe(fresh.id);
      expect(view.stored).toBeUndefined();
    }
    fixture.tenant.behave({ supportedFilter: 'honoured' });
    fixture.tenant.fleet.remove(fresh.id);
  });

  test('a MAC of several devices shows the others, too', async () => {
    const view = await show('8C16455D1C30');
    expect([view.id, ...view.others]).toHaveLength(2);
  });

  test('an unknown one ends with exit code 1', async () => {
    const { exitCode, stdout } = await runDoctor(fixture.env, ['--device', 'NO-SUCH-DEVICE']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('no source knows such a device');
  });

  test('the text is readable, and a device’s name cannot command the terminal', async () => {
    const evil = fixture.tenant.fleet.add({ deviceName: 'EVIL\u001b[2J\u009b31m' });
    const { stdout } = await runDoctor(fixture.env, ['--device', evil.id]);
    expect(stdout).toMatch(/^ {2}Graph, the whole record: 200$/m);
    expect(stdout).toMatch(/^ {4}GET https:\/\/localhost:\d+\/v1\.0\/deviceManagement\/managedDevices\//m);
    expect(stdout).toMatch(/^ {2}Stored\n {4}nothing$/m);
    expect([...stdout].filter((char) => char !== '\n' && /\p{C}/u.test(char))).toEqual([]);
    fixture.tenant.fleet.remove(evil.id);
  });

  test('without permission for one of them the others are shown all the same', async () => {
    const { roles } = fixture.tenant.registration;
    fixture.tenant.register({ roles: { ...roles, intune: [] } });
    try {
      const view = await show(device.id);
      expect(answerOf(view, /asked by id/)?.status).toBe(403);
      expect(answerOf(view, /whole record/)?.status).toBe(200);
    } finally {
      fixture.tenant.register({ roles });
    }
  });
});

describe('--matching', () => {
  test('counts the devices that can never be recognised, and names them', async () => {
    const { stdout, exitCode } = await runDoctor(fixture.env, ['--matching', '--json']);
    expect(exitCode).toBe(0);
    const quality: MatchQuality = JSON.parse(stdout);
    expect(quality).toMatchObject({ devices: 8, gone: 0 });
    expect(Object.fromEntries(quality.problems.map(({ problem, devices }) => [problem, devices]))).toEqual({
      'no-mac': 2,
      'random-mac': 1,
      'shared-mac': 2,
      'shared-name': 2,
      'enrolled-twice': 2,
      'sources-disagree': 0,
    });
    const twice = quality.problems.find(({ problem }) => problem === 'enrolled-twice')?.examples[0];
    expect(twice?.devices.map(({ name }) => name).sort()).toEqual(['LT-OLD', 'PHONE']);
    const shared = quality.problems.find(({ problem }) => problem === 'shared-mac')?.examples[0];
    expect(shared?.shared).toBe('8c16455d1c30');
    expect(shared?.devices.map(({ name }) => name).sort()).toEqual(['DOCKED-1', 'DOCKED-2']);
  });

  test('reads well', async () => {
    const { stdout } = await runDoctor(fixture.env, ['--matching']);
    expect(stdout).toMatch(/^ +2 {2}One MAC address, several machines$/m);
    expect(stdout).toContain('DOCKED-1');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});

test('an option that is none shows how to use it', async () => {
  const { exitCode, stderr } = await runDoctor(fixture.env, ['--divice', 'x']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Usage: npm run doctor');
});
