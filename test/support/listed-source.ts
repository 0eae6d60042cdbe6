// A source that lists the devices of a map: another MDM beside Intune, for tests of several sources.

import type { SourceSetup } from '../../shared/app/source-setup.ts';
import type { Device } from '../../shared/domain/device/device.ts';
import type { MdmSource } from '../../shared/ports/mdm-source.ts';

export interface ListedSource {
  readonly setup: SourceSetup;
  /** By id. */
  readonly devices: Map<string, Device>;
}

/** @param now the time that its answers are dated with */
export function listedSource(
  name: string,
  now: () => string,
  options: Pick<SourceSetup, 'precedence' | 'entraIds'> = {},
): ListedSource {
  const devices = new Map<string, Device>();
  const isDeviceId = (text: string): boolean => /^[0-9a-f-]{1,36}$/.test(text);
  const recordOf = (device: Device) => ({
    key: { source: name, id: device.id },
    fingerprint: fingerprintOf(JSON.stringify(device)),
    graceExpiresAt: undefined,
    read: () => ({ device, problems: [] }),
  });
  const source: MdmSource = {
    name,
    isDeviceId,
    list: { listDevices: async () => ({ requestedAt: now(), records: [...devices.values()].map(recordOf) }) },
  };
  const setup: SourceSetup = {
    name,
    ...options,
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
    reachableMs: 3 * 3_600_000,
    callMs: 20_000,
    open: async () => ({ source, close: async () => undefined }),
    examine: async () => ({ checks: [], close: async () => undefined }),
  };
  return { setup, devices };
}

/** Thirty-two bits (FNV-1a). */
function fingerprintOf(text: string): number {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  return sum >>> 0;
}
