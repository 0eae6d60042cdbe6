// One managedDevice of a page, as text that is parsed only if it may say something new.

import { hash } from 'node:crypto';
import { parseComplianceState } from '../../domain/device/compliance-state.ts';
import type { DeviceKey } from '../../domain/device/device.ts';
import type { Instant } from '../../domain/instant.ts';
import type { ListedRecord, RecordReading } from '../../ports/compliance-source.ts';
import { graphInstant, managedDeviceId, readManagedDevice } from './managed-device.ts';
import { parsedJson } from './parsed-json.ts';

/** Counts up when the same record comes to be read in another way: then every row is compared once more. */
const READING = 1;
/** Forty bits, in hexadecimal digits. */
const FINGERPRINT_DIGITS = 10;
const DAY = '2026-11-20'.length;
/** As Graph writes it, so that the day before it is the day. */
const TIME_OF_DAY = /^T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;

/**
 * Where the value of a property begins that is a text. Quotes within another text are escaped: nothing there passes for
 * it.
 */
const ID = '"id":"';
const COMPLIANCE_STATE = '"complianceState":"';
const GRACE_EXPIRES = '"complianceGracePeriodExpirationDateTime":"';
const LAST_CHECK_IN = '"lastSyncDateTime":"';

/** Its key lives as long as the page's text does: what is kept longer takes the id of the device that was read. */
export class ListedManagedDevice implements ListedRecord {
  readonly key: DeviceKey | undefined;
  /** Of the text, but for the time of day of the last check-in. Equal ones by chance once in a million million. */
  readonly fingerprint: number;
  readonly #source: string;
  readonly #text: string;

  /** @param text one record, from {@link splitPage} */
  constructor(source: string, text: string) {
    this.#source = source;
    this.#text = text;
    const id = managedDeviceId(textBehind(ID, text));
    this.key = id === undefined ? undefined : { source, id };
    const content = `${withoutTimeOfCheckIn(text)}${READING}`;
    this.fingerprint = Number.parseInt(hash('sha256', content).slice(0, FINGERPRINT_DIGITS), 16);
  }

  get graceExpiresAt(): Instant | undefined {
    const state = parseComplianceState(textBehind(COMPLIANCE_STATE, this.#text) ?? '');
    return state === 'inGracePeriod' ? graphInstant(textBehind(GRACE_EXPIRES, this.#text) ?? '') : undefined;
  }

  read(): RecordReading {
    // A text that is no JSON was damaged on its way, and is no device.
    const reading = readManagedDevice(this.#source, parsedJson(this.#text));
    if (reading.device === undefined || reading.device.id === this.key?.id) return reading;
    const problem = { id: reading.device.id, field: 'id', problem: 'is written in an unusual way' };
    return { problems: [...reading.problems, problem] };
  }
}

/** As it is written, escapes included; `undefined` when there is no such text. */
function textBehind(name: string, record: string): string | undefined {
  const at = record.indexOf(name);
  if (at < 0) return undefined;
  const from = at + name.length;
  return record.slice(from, record.indexOf('"', from));
}

function withoutTimeOfCheckIn(record: string): string {
  const at = record.indexOf(LAST_CHECK_IN);
  if (at < 0) return record;
  const from = at + LAST_CHECK_IN.length;
  const end = record.indexOf('"', from);
  if (!TIME_OF_DAY.test(record.slice(from + DAY, end))) return record;
  // Without the quote, either: so it is the text of no other record.
  return record.slice(0, from + DAY) + record.slice(end + 1);
}
