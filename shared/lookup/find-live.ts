// A device that is not stored, but that its source knows: asked now, or remembered from a session's answer.

import type { ComplianceState } from '../domain/device/compliance-state.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import type { PresentedIdentity } from '../domain/identity/identity.ts';
import type { Instant } from '../domain/instant.ts';
import type { Session } from '../domain/session/session.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { RetrievedDevice } from '../ports/compliance-retrieval.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { SiteRecords } from '../ports/site-records.ts';
import type { FoundDevice } from './find-device.ts';
import type { LiveQuery } from './live-query.ts';

/** Sources asked about one id: each further one costs a question for every device of the others. */
const MOST_ASKED = 4;

export interface FindLiveDeps {
  /** By source, those that are asked while a RADIUS server waits. */
  readonly live?: (source: string) => Pick<LiveQuery, 'read' | 'isDeviceId'> | undefined;
}

/**
 * Only a device id that a certificate carries is worth the wait: a MAC address is what any station claims. Each source
 * of the site that the id may be of is asked, at once.
 */
export async function queryIfUnknown(
  { live }: FindLiveDeps,
  records: SiteRecords,
  found: FoundDevice,
  identities: readonly PresentedIdentity[],
  options: CallOptions,
): Promise<FoundDevice> {
  if (live === undefined || found.kind !== 'notEnrolled') return found;
  const identity = identities.find(
    (each) =>
      each.kind === 'deviceId' &&
      each.beside === undefined &&
      (each.assurance === 'certificate-guid' || each.assurance === 'certificate-bare-guid') &&
      askable(live, records, each).length > 0,
  );
  if (identity === undefined) return found;
  const readings = await Promise.all(
    askable(live, records, identity)
      .slice(0, MOST_ASKED)
      .map(async ({ key, query }) => ({ key, reading: await query.read(key.id, options) })),
  );
  const known = readings.flatMap(({ key, reading }) =>
    reading?.device === undefined ? [] : [recordOf(key, stateOf(reading.device), reading.requestedAt)],
  );
  const [stored, ...others] = known;
  if (stored === undefined) return found;
  return others.length > 0 ? { kind: 'ambiguous' } : { kind: 'found', identity, live: true, stored };
}

function askable(
  live: NonNullable<FindLiveDeps['live']>,
  records: SiteRecords,
  identity: PresentedIdentity,
): { readonly key: DeviceKey; readonly query: Pick<LiveQuery, 'read'> }[] {
  return records.keysOf(identity).flatMap((key) => {
    const query = live(key.source);
    return query?.isDeviceId(key.id) ? [{ key, query }] : [];
  });
}

/**
 * A session that was let in on its source's own word is not thrown out because its device is not stored yet. The word
 * ends with the first record that is newer: of the device, or of its absence.
 */
export async function orLiveVerdict(
  records: SiteRecords,
  found: FoundDevice,
  { presented, decision }: Session,
): Promise<FoundDevice> {
  const { device: answered, facts } = decision;
  if (found.kind !== 'notEnrolled' || !answered?.live || !records.counts(answered.source)) return found;
  const identity = presented.identities.find(({ kind, value }) => kind === 'deviceId' && value === answered.id);
  const state = facts?.device?.complianceState;
  if (identity === undefined || state === undefined) return found;
  const record = await records.read(answered, { fresh: true });
  if (record !== undefined && record.observedAt >= answered.asOf) return found;
  return { kind: 'found', identity, live: true, stored: recordOf(answered, state, answered.asOf) };
}

/** Not stored, but in the form of a record: version 0, which no stored record has. */
function recordOf({ source, id }: DeviceKey, complianceState: ComplianceState, observedAt: Instant): StoredDevice {
  const device = { source, id, complianceState };
  return { device, presence: 'present', version: 0, observedAt, indexed: true, retiredIdentities: [], etag: '' };
}

function stateOf({ compliant }: RetrievedDevice): ComplianceState {
  if (compliant === undefined) return 'unknown';
  return compliant ? 'compliant' : 'noncompliant';
}
