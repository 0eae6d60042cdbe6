// The doctor on one device where there are several sources: which of them is asked, and what is said of the others.

import { expect, test } from 'vitest';
import { showDevice } from '../../../shared/doctor/show-device.ts';
import { type Device, deviceKeyText } from '../../../shared/domain/device/device.ts';
import { aDevice, aMac, aStoredDevice, DEVICE_ID } from '../../support/a-device.ts';

const MAC = 'a0b1c2d30001';
const EMEA_ID = '5e0c3f5e-5b6e-4f64-9f6c-3a1f4d1c9e02';
const UNKNOWN_ID = '5e0c3f5e-5b6e-4f64-9f6c-3a1f4d1c9eff';

function doctorOf(...stored: Device[]) {
  const asked: string[] = [];
  const rawOf = (source: string) => {
    const answer = async (path: string) => {
      asked.push(`${source} ${path}`);
      const body = JSON.stringify({ value: source === 'emea' ? [{ id: EMEA_ID, deviceName: 'pc-9' }] : [] });
      return { url: path, status: 200, body };
    };
    return { name: source, raw: { graph: answer, compliance: answer } };
  };
  const show = (text: string) =>
    showDevice(
      {
        sources: [rawOf('intune'), rawOf('emea'), { name: 'meraki' }],
        devices: {
          read: async (key) => {
            const device = stored.find((each) => deviceKeyText(each) === deviceKeyText(key));
            return device && aStoredDevice({ device });
          },
        },
        identities: {
          readOwners: async ({ kind }) => ({
            devices: stored.filter(({ wifiMac }) => kind === 'mac' && wifiMac === MAC).map(deviceKeyText),
            more: false,
          }),
        },
      },
      text,
    );
  return { show, asked };
}

test('its own source is asked, and no other', async () => {
  const { show, asked } = doctorOf(aDevice({ source: 'emea', id: EMEA_ID }));
  expect(await show(EMEA_ID)).toMatchObject({ source: 'emea', id: EMEA_ID, others: [] });
  expect(asked.every((question) => question.startsWith('emea '))).toBe(true);
  expect(asked.length).toBeGreaterThan(0);
});

test('one of a source without such answers is shown as it is stored', async () => {
  const { show, asked } = doctorOf(aDevice({ source: 'meraki', id: '564797' }));
  expect(await show('564797')).toMatchObject({ source: 'meraki', id: '564797', answers: [] });
  expect(asked).toEqual([]);
});

test('what is not stored is asked of each tenant', async () => {
  const { show, asked } = doctorOf();
  const view = await show(UNKNOWN_ID);
  expect([view.id, view.source]).toEqual([UNKNOWN_ID, undefined]);
  expect(new Set(asked.map((question) => question.split(' ')[0]))).toEqual(new Set(['intune', 'emea']));
  expect(await show('PC-9')).toMatchObject({ source: 'emea', id: EMEA_ID });
});

test('others with the same address have their source before their id, and records of one machine are no others', async () => {
  const wifiMac = aMac(MAC);
  const entraDeviceId = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
  const { show } = doctorOf(
    aDevice({ source: 'meraki', id: '1', wifiMac }),
    aDevice({ source: 'emea', id: EMEA_ID, wifiMac, entraDeviceId }),
    aDevice({ source: 'intune', id: DEVICE_ID, wifiMac, entraDeviceId }),
  );
  expect(await show(MAC)).toMatchObject({ source: 'intune', id: DEVICE_ID, others: ['meraki|1'] });
});
