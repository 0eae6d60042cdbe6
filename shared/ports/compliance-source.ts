// Where compliance comes from: the whole list of an MDM source, page by page.

import type { Device, DeviceKey } from '../domain/device/device.ts';
import type { Instant } from '../domain/instant.ts';

export interface DeviceList {
  /**
   * One page of all devices, the first one without cursor.
   * @throws SourceError when the source does not answer as it should; the same cursor may be asked again
   */
  listDevices(cursor: string | undefined): Promise<ListPage>;
}

/** A page of the list. Its records are not read yet: nearly all of them say what they said last time. */
export interface ListPage {
  /** When the request was started: how old the content may be at most. */
  readonly requestedAt: Instant;
  readonly records: readonly ListedRecord[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

export interface ListedRecord {
  /** Absent when not even the id can be read. */
  readonly key: DeviceKey | undefined;
  /**
   * A number of forty bits. A record with the same one reads the same, but for the time of its check-in on the same
   * day: that moves every few hours on every device, and storing each move would rewrite the fleet for nothing.
   */
  readonly fingerprint: number;
  /** Of a device in its grace period: then the record means something else, even if it says the same. */
  readonly graceExpiresAt: Instant | undefined;
  read(): RecordReading;
}

/** What a source's record says of its device, as far as it makes sense. */
export interface RecordReading {
  /** Absent when the record as a whole cannot be trusted; what was stored of the device before then stays. */
  readonly device?: Device;
  readonly problems: readonly RecordProblem[];
}

export interface RecordProblem {
  /** Absent when not even the id could be read. */
  readonly id?: string;
  /** The source's own name of the field. */
  readonly field: string;
  readonly problem: string;
}
