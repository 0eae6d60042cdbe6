// A device that ISE names by an id alone, without the words that say which MDM gave it: ISE learnt it from an answer of
// ours, which may have been of any source. Certificates are read by other rules: there an id alone is Intune's.

import { concurrently } from '../concurrently.ts';
import { deviceKeyText } from '../domain/device/device.ts';
import { foremostFirst, isJoined } from '../domain/device/joined-records.ts';
import type { PresentedIdentity } from '../domain/identity/identity.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { SiteRecords } from '../ports/site-records.ts';
import type { FoundDevice } from './find-device.ts';

const READ_AT_ONCE = 8;

/**
 * @param sources all that are configured; those that count at the site, and were not looked at yet, are
 * @param found what the identities led to by the rules of certificates
 * @returns ambiguous where sources have given the id to different devices
 */
export async function findByBareId(
  records: SiteRecords,
  sources: readonly string[],
  found: FoundDevice,
  identities: readonly PresentedIdentity[],
  options: CallOptions,
): Promise<FoundDevice> {
  const bare = identities.find(({ kind, source }) => kind === 'deviceId' && source === undefined);
  if (found.kind !== 'notEnrolled' || bare === undefined) return found;
  const asked = new Set(records.keysOf(bare).map(deviceKeyText));
  const keys = sources
    .filter((source) => records.counts(source))
    .map((source) => ({ source, id: bare.value }))
    .filter((key) => !asked.has(deviceKeyText(key)));
  const read = await concurrently(keys, READ_AT_ONCE, (key) => records.read(key, options));
  const known = read
    .filter((one) => one?.presence === 'present')
    .filter((one) => one !== undefined)
    .toSorted((one, other) => foremostFirst(one.device, other.device));
  const [stored, ...others] = known;
  if (stored === undefined) return found;
  if (!others.every(({ device }) => isJoined(stored.device, device))) return { kind: 'ambiguous' };
  return { kind: 'found', stored, identity: { ...bare, source: stored.device.source } };
}
