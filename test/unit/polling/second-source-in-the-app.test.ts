// The whole app with a second source beside Intune, over services in memory: polled, looked up, shown and read at once.

import { expect, test } from 'vitest';
import type { SourceSetup } from '../../../shared/app/source-setup.ts';
import type { Device } from '../../../shared/domain/device/device.ts';
import type { MdmSource } from '../../../shared/ports/mdm-source.ts';
import { aDeviceOfFleet } from '../../support/a-device.ts';
import { MemoryNetwork } from '../../support/memory-network.ts';

const NUMBER = /^[0-9]{1,20}$/;

/** An MDM that lists its devices, and answers about each of them. */
function merakiOf(devices: Map<string, Device>, asked: string[], now: () => string): SourceSetup {
  const name = 'meraki';
  const isDeviceId = (text: string): boolean => NUMBER.test(text);
  const recordOf = (device: Device) => ({
    key: { source: name, id: device.id },
    fingerprint: device.complianceState.length,
    graceExpiresAt: undefined,
    read: () => ({ device, problems: [] }),
  });
  const source: MdmSource = {
    name,
    isDeviceId,
    list: { listDevices: async () => ({ requestedAt: now(), records: [...devices.values()].map(recordOf) }) },
    devices: {
      readDevices: async (ids) => {
        asked.push(...ids);
        return ids.map((id) => {
          const device = devices.get(id);
          const known = { id, requestedAt: now() };
          return device ? { ...known, kind: 'found', device, problems: [] } : { ...known, kind: 'absent' };
        });
      },
    },
  };
  return {
    name,
    isDeviceId,
    sweeps: true,
    limits: {
      pollingIntervalMs: 600_000,
      changedDevicesIntervalMs: undefined,
      hardwareMaxAgeMs: undefined,
      reauthIntervalMs: 600_000,
      fastLaneMs: undefined,
      massChange: { share: 0.5, least: 100 },
      asksLive: false,
    },
    reachableMs: 3_600_000,
    callMs: 20_000,
    open: async () => ({ source, close: async () => undefined }),
    examine: async () => ({ checks: [], close: async () => undefined }),
  };
}

test('its devices are found by their certificates, are as old as its own sweeps, and are read from it alone', async () => {
  const asked: string[] = [];
  const devices = new Map<string, Device>();
  const put = (complianceState: Device['complianceState']): void => {
    devices.set('500001', { ...aDeviceOfFleet(7), source: 'meraki', id: '500001', name: 'MX-1', complianceState });
  };
  put('compliant');
  const meraki = merakiOf(devices, asked, (): string => network.now);
  const network: MemoryNetwork = await MemoryNetwork.start({ moreSources: [meraki] });
  const operator = await network.addClient('ada', 'hq', 'administrator');
  const id = network.put(1);
  await network.sweep();
  const ask = (name: string) =>
    network.ask({ method: 'eap-tls', userName: 'host/x', eapType: 'TLS', certificate: { sanUri: [name] } });
  const standings = async () => {
    const answers = [await ask('ID:MerakiSM:DeviceID:500001'), await ask(`IntuneDeviceId://${id}`)];
    return answers.map(({ decision: { standing, device, facts } }) => [
      standing,
      device?.source,
      facts?.sourceReachable,
    ]);
  };
  expect(await standings()).toEqual([
    ['compliant', 'meraki', true],
    ['compliant', 'intune', true],
  ]);

  put('noncompliant');
  await network.sweep();
  expect((await standings()).map(([standing]) => standing)).toEqual(['noncompliant', 'compliant']);

  const status = await network.run(() => network.app.pollStatus(operator));
  expect(status.lastComplete).toMatchObject({ devices: 1 });
  expect(status.otherSources?.['meraki']?.lastComplete).toMatchObject({ devices: 1 });

  for (const called of ['MX-1', '500001']) {
    const { source } = await network.run(() => network.app.refreshDevice(operator, called));
    expect(source).toMatchObject({ read: 'found', compliance: 'noncompliant' });
  }
  expect(asked).toEqual(['500001', '500001']);

  const decided = async (query: string) => {
    const page = await network.run(async () =>
      (await network.app.decisions(operator)).list(new URLSearchParams(query)),
    );
    return page.decisions.map(({ decision }) => [decision.device?.source, decision.standing]);
  };
  expect(await decided('device=500001')).toEqual([
    ['meraki', 'noncompliant'],
    ['meraki', 'compliant'],
  ]);
  expect(await decided('device=500001&source=meraki')).toHaveLength(2);
  expect(await decided('device=500001&source=intune')).toEqual([]);
  expect(await decided(`device=${id}`)).toHaveLength(2);
  expect(await decided('device=500002')).toEqual([]);
});
