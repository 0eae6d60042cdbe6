// Decides what one observation of a device means for its stored record.

import { type Device, type DeviceRecord, deviceContent } from '../domain/device.ts';
import { describeChange } from '../domain/device-change.ts';
import { type Identity, identitiesOf, identityText } from '../domain/identity.ts';
import type { Instant } from '../domain/instant.ts';
import type { DeviceWrite, StoredDevice } from '../ports.ts';

export type DevicePlan =
  /** The record says the same already, and all its pointers are in place. */
  | { readonly kind: 'unchanged' }
  /** The record holds a newer observation, which an older one must not overwrite. */
  | { readonly kind: 'outdated' }
  /** The record says the same, but a crash came before its pointers were in place. */
  | { readonly kind: 'index-again'; readonly stored: StoredDevice }
  | { readonly kind: 'write'; readonly write: DeviceWrite };

/** @param observedAt when the request that brought the observation was started */
export function planObserved(stored: StoredDevice | undefined, device: Device, observedAt: Instant): DevicePlan {
  if (stored && stored.observedAt > observedAt) return { kind: 'outdated' };
  if (stored?.presence === 'present' && deviceContent(stored.device) === deviceContent(device)) {
    if (stored.confirmedUntil !== undefined) return { kind: 'write', write: confirmed(stored, observedAt) };
    return stored.indexed ? { kind: 'unchanged' } : { kind: 'index-again', stored };
  }
  const retired = retiredIdentities(stored, device);
  const record: DeviceRecord = {
    device,
    presence: 'present',
    version: (stored?.version ?? 0) + 1,
    observedAt,
    indexed: stored?.indexed === true && sameIdentities(stored.device, device),
  };
  return { kind: 'write', write: toWrite(stored, record, retired) };
}

/**
 * A complete sweep did not confirm the device: the record says until when it was, so that no answer looks fresher than it
 * is. Neither version nor change: what is known of the device is the same.
 * @param confirmedUntil start of the sweep before, if there was one
 */
export function planDoubted(
  stored: StoredDevice | undefined,
  confirmedUntil: Instant | undefined,
  doubtedSince: Instant,
): DevicePlan {
  if (stored === undefined || stored.presence === 'gone' || stored.confirmedUntil !== undefined) {
    return { kind: 'unchanged' };
  }
  if (stored.observedAt > doubtedSince) return { kind: 'outdated' };
  const until = confirmedUntil !== undefined && confirmedUntil > stored.observedAt ? confirmedUntil : stored.observedAt;
  const { etag, retiredIdentities, ...record } = stored;
  return { kind: 'write', write: { record: { ...record, confirmedUntil: until }, retiredIdentities, replaces: etag } };
}

/** The doubt is over: the same content, observed now. */
function confirmed(
  { etag, retiredIdentities, confirmedUntil, ...record }: StoredDevice,
  observedAt: Instant,
): DeviceWrite {
  return { record: { ...record, observedAt }, retiredIdentities, replaces: etag };
}

/** @param missedSince start of the run that missed the device for the last time */
export function planGone(stored: StoredDevice | undefined, missedSince: Instant): DevicePlan {
  if (stored === undefined || stored.presence === 'gone') return { kind: 'unchanged' };
  if (stored.observedAt > missedSince) return { kind: 'outdated' };
  const { device, indexed, retiredIdentities } = stored;
  // Its pointers stay: they count only while it is present, and are in place already if it comes back.
  const record: DeviceRecord = {
    device,
    presence: 'gone',
    version: stored.version + 1,
    observedAt: missedSince,
    indexed,
  };
  return { kind: 'write', write: toWrite(stored, record, retiredIdentities) };
}

function toWrite(
  stored: StoredDevice | undefined,
  record: DeviceRecord,
  retiredIdentities: readonly Identity[],
): DeviceWrite {
  const change = describeChange(stored, record);
  return { record, retiredIdentities, ...(change && { change }), ...(stored && { replaces: stored.etag }) };
}

/** What the device held before and holds no more, pointers that an interrupted run left over included. */
function retiredIdentities(stored: StoredDevice | undefined, device: Device): Identity[] {
  if (stored === undefined) return [];
  const held = new Set(identitiesOf(device).map(identityText));
  const earlier = new Map(
    [...identitiesOf(stored.device), ...stored.retiredIdentities].map((identity) => [identityText(identity), identity]),
  );
  return [...earlier].flatMap(([text, identity]) => (held.has(text) ? [] : [identity]));
}

function sameIdentities(a: Device, b: Device): boolean {
  const texts = (device: Device): string => identitiesOf(device).map(identityText).sort().join('\n');
  return texts(a) === texts(b);
}
