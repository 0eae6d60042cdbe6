// What an answer rests on: devices, and identities that led to none. A change there may change the answer.

import { type DeviceKey, deviceKeyText } from '../device/device.ts';
import { CERTIFICATE_SOURCE } from '../identity/certificate-source.ts';
import type { Identity } from '../identity/identity.ts';
import type { Answer } from './session.ts';

export function presentedDevices({ presented }: Pick<Answer, 'presented'>): DeviceKey[] {
  if (!presented.authenticated) return [];
  return presented.identities
    .filter(({ kind, beside }) => kind === 'deviceId' && beside === undefined)
    .map(({ source = CERTIFICATE_SOURCE, value }) => ({ source, id: value }));
}

/**
 * The device that the answer rests on, in each source that knows it, and those that its question named: a change of any
 * may change the answer.
 */
export function devicesBehind(answer: Pick<Answer, 'decision' | 'presented'>): DeviceKey[] {
  const { device } = answer.decision;
  const records = device ? [device, ...(device.joined ?? [])].map(({ source, id }) => ({ source, id })) : [];
  const all = [...records, ...presentedDevices(answer)];
  return [...new Map(all.map((key) => [deviceKeyText(key), key])).values()];
}

export function answerRestsOn(answer: Pick<Answer, 'decision' | 'presented'>, device: DeviceKey): boolean {
  const text = deviceKeyText(device);
  return devicesBehind(answer).some((key) => deviceKeyText(key) === text);
}

/**
 * Identities that led to no device, or to several, and those that the device found does not hold: one that gets such an
 * identity, or loses it, may change the answer.
 */
export function identitiesBehind({ decision, presented }: Pick<Answer, 'decision' | 'presented'>): Identity[] {
  if (!presented.authenticated) return [];
  const { identity } = decision.device ?? {};
  const found = presented.identities.findIndex(
    ({ kind, assurance, origin }) =>
      kind === identity?.kind && assurance === identity.assurance && origin === identity.origin,
  );
  // What is weaker than the one that led to the device was not looked at.
  const tried = found < 0 ? presented.identities : presented.identities.slice(0, found);
  const { beside = [] } = presented;
  const all = [...tried, ...beside].filter(({ kind }) => kind !== 'deviceId');
  return [...new Map(all.map(({ kind, value }) => [`${kind}|${value}`, { kind, value }])).values()];
}
