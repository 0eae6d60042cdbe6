// A device that is not stored, but that its source knows: asked now, or remembered from a session's answer.

import type { ComplianceState } from '../domain/device/compliance-state.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import type { PresentedIdentity } from '../domain/identity/identity.ts';
import type { Instant } from '../domain/instant.ts';
import type { Session } from '../domain/session/session.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { RetrievedDevice } from '../ports/compliance-retrieval.ts';
import type { DeviceStore, StoredDevice } from '../ports/device-store.ts';
import type { FoundDevice } from './find-device.ts';
import type { LiveQuery } from './live-query.ts';

export interface FindLiveDeps {
  /** Absent where no source is asked while a RADIUS server waits. */
  readonly live?: Pick<LiveQuery, 'read' | 'isDeviceId'>;
  readonly certificateSource: string;
}

/** Only a device id that a certificate carries is worth the wait: a MAC address is what any station claims. */
export async function queryIfUnknown(
  { live, certificateSource }: FindLiveDeps,
  found: FoundDevice,
  identities: readonly PresentedIdentity[],
  options: CallOptions,
): Promise<FoundDevice> {
  if (live === undefined || found.kind !== 'notEnrolled') return found;
  const identity = identities.find(
    ({ kind, assurance, source, value, beside }) =>
      kind === 'deviceId' &&
      beside === undefined &&
      (assurance === 'certificate-guid' || assurance === 'certificate-bare-guid') &&
      (source ?? certificateSource) === certificateSource &&
      live.isDeviceId(value),
  );
  const reading = identity && (await live.read(identity.value, options));
  if (identity === undefined || reading?.device === undefined) return found;
  const key = { source: certificateSource, id: identity.value };
  return { kind: 'found', identity, live: true, stored: recordOf(key, stateOf(reading.device), reading.requestedAt) };
}

/**
 * A session that was let in on its source's own word is not thrown out because its device is not stored yet. The word
 * ends with the first record that is newer: of the device, or of its absence.
 */
export async function orLiveVerdict(
  devices: DeviceStore,
  found: FoundDevice,
  { presented, decision }: Session,
): Promise<FoundDevice> {
  const { device: answered, facts } = decision;
  if (found.kind !== 'notEnrolled' || !answered?.live) return found;
  const identity = presented.identities.find(({ kind, value }) => kind === 'deviceId' && value === answered.id);
  const state = facts?.device?.complianceState;
  if (identity === undefined || state === undefined) return found;
  const record = await devices.read(answered, { fresh: true });
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
