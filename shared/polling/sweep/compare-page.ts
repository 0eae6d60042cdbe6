// What of a listed page must be looked at. A record that says what it said last time is not even read.

import { type Device, type DeviceKey, deviceKeyText, graceEndOf } from '../../domain/device/device.ts';
import type { Instant } from '../../domain/instant.ts';
import type { ListedRecord, ListPage, RecordProblem } from '../../ports/compliance-source.ts';
import { graceReadingAt } from '../between-sweeps/scheduled-reads.ts';
import type { FleetIndex } from './fleet-index.ts';

/** A device as a list showed it, with what the index is to remember once its record is stored. */
export interface ListedDevice extends DeviceKey {
  readonly device: Device;
  readonly fingerprint: number;
}

export interface PageComparison {
  /** Devices listed, unchanged ones included; a page may hold one twice. */
  readonly listed: number;
  readonly unchanged: readonly DeviceKey[];
  readonly maybeChanged: readonly ListedDevice[];
  /** Records rejected as a whole; `undefined` for one whose id could not be read either. */
  readonly unreadable: readonly (DeviceKey | undefined)[];
  /** When devices whose grace period ends soon are to be read again, by device. */
  readonly graceTimes: ReadonlyMap<string, Instant>;
  /** What could not be understood of the records that were read. */
  readonly problems: readonly RecordProblem[];
}

/** Marks in the index what the run has met. */
export function comparePage({ records, requestedAt }: ListPage, fleet: FleetIndex): PageComparison {
  const unchanged: DeviceKey[] = [];
  const maybeChanged: ListedDevice[] = [];
  const unreadable: (DeviceKey | undefined)[] = [];
  const graceTimes = new Map<string, Instant>();
  const problems: RecordProblem[] = [];
  for (const record of withoutRepetitions(records)) {
    const { key } = record;
    const isUnchanged = key !== undefined && fleet.meet(key, record.fingerprint);
    if (isUnchanged) {
      unchanged.push(key);
      const graceAt = graceReadingAt(record.graceExpiresAt, requestedAt);
      if (graceAt !== undefined) graceTimes.set(deviceKeyText(key), graceAt);
      continue;
    }
    const reading = record.read();
    problems.push(...reading.problems);
    const { device } = reading;
    if (key === undefined || device === undefined) {
      unreadable.push(key);
      continue;
    }
    const graceAt = graceReadingAt(graceEndOf(device), requestedAt);
    if (graceAt !== undefined) graceTimes.set(deviceKeyText(device), graceAt);
    // Named by what was read: the key of the record keeps the page's text in memory.
    const { source, id } = device;
    maybeChanged.push({ source, id, device, fingerprint: record.fingerprint });
  }
  return { listed: records.length - unreadable.length, unchanged, maybeChanged, unreadable, graceTimes, problems };
}

/** A list that shifts while it is paged may show a device twice; the later record is the newer one. */
function withoutRepetitions(records: readonly ListedRecord[]): readonly ListedRecord[] {
  const ids = new Set<unknown>();
  for (const record of records) ids.add(record.key?.id ?? record);
  if (ids.size === records.length) return records;
  return [...new Map(records.map((record) => [record.key?.id ?? record, record])).values()];
}
