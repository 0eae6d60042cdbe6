// Devices that a question names by their own id, whether they were known or not.

import { type DeviceKey, deviceKeyText } from './device.ts';
import type { Answer } from './session.ts';

/** The MDM whose device ids certificates carry where they do not say of which they are. */
export const CERTIFICATE_SOURCE = 'intune';

export function presentedDevices({ presented }: Pick<Answer, 'presented'>): DeviceKey[] {
  if (!presented.authenticated) return [];
  return presented.identities
    .filter(({ kind }) => kind === 'deviceId')
    .map(({ source = CERTIFICATE_SOURCE, value }) => ({ source, id: value }));
}

/** The device that the answer rests on, and those that its question named: a change of any may change the answer. */
export function devicesBehind(answer: Answer): DeviceKey[] {
  const { device } = answer.decision;
  const all = [...(device ? [{ source: device.source, id: device.id }] : []), ...presentedDevices(answer)];
  return [...new Map(all.map((key) => [deviceKeyText(key), key])).values()];
}
