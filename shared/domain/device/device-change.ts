// A change of a device that may change an answer: written in one transaction with the device, removed once dispatched.

import { type Identity, identityText } from '../identity/identity.ts';
import type { Instant } from '../instant.ts';
import type { ComplianceState } from './compliance-state.ts';
import type { Device, DeviceRecord, Presence } from './device.ts';
import { identitiesOf } from './device-identities.ts';

/** What the answers depend on, before and after. */
export interface DeviceStanding {
  readonly presence: Presence;
  readonly complianceState: ComplianceState;
}

export interface DeviceChange {
  readonly source: string;
  readonly id: string;
  /** The version of the device record that this change led to; with the key it names the change. */
  readonly version: number;
  readonly observedAt: Instant;
  /** Absent for a device that was not known before. */
  readonly before?: DeviceStanding;
  readonly after: DeviceStanding;
  /** W3C traceparent of the poll that saw it, so that what hands it on later goes on with the trace. */
  readonly trace?: string;
  /** The fields that differ, for people who ask why. */
  readonly fields: readonly string[];
  /**
   * Identities that it held before and holds no more: their pointers are gone by the time that the change is handed on.
   */
  readonly lost?: readonly Identity[];
}

/** A check-in alone changes no answer; every other field may be a condition of a policy. */
const FIELDS_WITHOUT_CONSEQUENCE = new Set<string>(['lastSyncAt']);

/** The change between two records of one device, or `undefined` when no answer can depend on it. */
export function describeChange(before: DeviceRecord | undefined, after: DeviceRecord): DeviceChange | undefined {
  const fields = changedFields(before, after).filter((field) => !FIELDS_WITHOUT_CONSEQUENCE.has(field));
  if (fields.length === 0) return undefined;
  const lost = before === undefined ? [] : lostIdentities(before.device, after.device);
  return {
    source: after.device.source,
    id: after.device.id,
    version: after.version,
    observedAt: after.observedAt,
    ...(before && { before: standingOf(before) }),
    after: standingOf(after),
    fields,
    ...(lost.length > 0 && { lost }),
  };
}

function lostIdentities(before: Device, after: Device): Identity[] {
  const held = new Set(identitiesOf(after).map(identityText));
  return identitiesOf(before).filter((identity) => !held.has(identityText(identity)));
}

function changedFields(before: DeviceRecord | undefined, after: DeviceRecord): string[] {
  const fields = new Set<string>(Object.keys({ ...before?.device, ...after.device }));
  const differing = [...fields].filter(
    (field) => before?.device[field as keyof Device] !== after.device[field as keyof Device],
  );
  if (before?.presence !== after.presence) differing.push('presence');
  return differing.sort();
}

function standingOf(record: DeviceRecord): DeviceStanding {
  return { presence: record.presence, complianceState: record.device.complianceState };
}
