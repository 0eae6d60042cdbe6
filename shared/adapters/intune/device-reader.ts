// What Graph answers of managedDevices beside the whole list: which checked in since a time, and single devices by
// $batch.

import { isDeviceId } from '../../domain/device/device.ts';
import { type Instant, toInstant } from '../../domain/instant.ts';
import { SourceError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ListPage } from '../../ports/compliance-source.ts';
import type {
  CheckedInPage,
  CheckIns,
  DeviceReading,
  DeviceReads,
  HardwareReading,
  HardwareReads,
} from '../../ports/device-reader.ts';
import { type BatchBody, type GraphClient, LARGEST_BATCH } from '../graph/graph-client.ts';
import { MANAGED_DEVICE_PROPERTIES, readHardwareRecord, readManagedDevice } from './managed-device.ts';
import { MANAGED_DEVICES_PERMISSION, readManagedDevicePage } from './managed-device-page.ts';
import { splitPage } from './split-page.ts';

const DEVICES = '/deviceManagement/managedDevices';
const ALL_PROPERTIES = MANAGED_DEVICE_PROPERTIES.join(',');
/** Null in every list; a read of one device by id and `$select` has them (Graph metadata, managedDevice). */
const HARDWARE_PROPERTIES = 'id,ethernetMacAddress,udid';

/** What came back for one id: a record, `undefined` for a device that is not there, or why nothing can be said. */
type Answer = BatchBody | SourceError | undefined;

/**
 * Batches of one tick: a tenth of what Graph allows an app for Intune devices in twenty seconds, with room to spare.
 */
const BATCHES_PER_TICK = 50;

/** @param source first part of the keys of its devices */
export function createDeviceReader(
  source: string,
  graph: GraphClient,
  clock: Clock,
): CheckIns & DeviceReads & HardwareReads {
  const { origin } = new URL(graph.endpoint);

  async function* readEach(ids: readonly string[], select: string): AsyncIterable<[string, Instant, Answer]> {
    let given: SourceError | undefined;
    for (let start = 0; start < ids.length; start += LARGEST_BATCH) {
      const chunk = ids.slice(start, start + LARGEST_BATCH);
      const requestedAt = toInstant(clock.now());
      const answers = given ?? (await readChunk(chunk, select));
      // No more questions after a refusal of a whole batch: what is left would fail for the same reason.
      if (answers instanceof SourceError) given = answers;
      for (const [index, id] of chunk.entries()) {
        yield [id, requestedAt, answers instanceof SourceError ? answers : answers[index]];
      }
    }
  }

  async function readChunk(ids: readonly string[], select: string): Promise<readonly Answer[] | SourceError> {
    const known = ids.filter(isDeviceId);
    try {
      const paths = known.map((id) => `${DEVICES}/${id}?$select=${select}`);
      const answers = await graph.getBatch(paths, MANAGED_DEVICES_PERMISSION);
      const byId = new Map(known.map((id, index) => [id, answers[index]]));
      return ids.map((id) => (byId.has(id) ? byId.get(id) : notAnId()));
    } catch (thrown) {
      if (thrown instanceof SourceError) return thrown;
      throw thrown;
    }
  }

  return {
    batchSize: LARGEST_BATCH,
    batchesPerTick: BATCHES_PER_TICK,
    async listCheckedInSince(since, cursor) {
      // Documented operators for lastSyncDateTime are lt and gt, not ge and le.
      const filter = encodeURIComponent(`lastSyncDateTime gt ${since}`);
      const firstPage = `${graph.endpoint}/v1.0${DEVICES}?$select=${ALL_PROPERTIES}&$filter=${filter}`;
      const requestedAt = toInstant(clock.now());
      const page = await graph.getJson(cursor ?? firstPage, MANAGED_DEVICES_PERMISSION, splitPage);
      return judgeFilter(readManagedDevicePage(source, page, requestedAt, origin), since);
    },
    async readDevices(ids) {
      const readings: DeviceReading[] = [];
      for await (const [id, requestedAt, answer] of readEach(ids, ALL_PROPERTIES)) {
        readings.push({ id, requestedAt, ...readDevice(source, id, answer) });
      }
      return readings;
    },
    async readHardware(ids) {
      const readings: HardwareReading[] = [];
      for await (const [id, requestedAt, answer] of readEach(ids, HARDWARE_PROPERTIES)) {
        readings.push({ id, requestedAt, ...readHardware(id, answer) });
      }
      return readings;
    },
  };
}

/**
 * Graph silently ignores a filter that it does not support, and answers with everything. Its times have seven
 * decimals, ours three: the very millisecond of `since` proves nothing.
 */
function judgeFilter({ requestedAt, records, nextCursor }: ListPage, since: Instant): CheckedInPage {
  const devices = records.flatMap((record) => record.read().device ?? []);
  const times = devices.flatMap(({ lastSyncAt }) => lastSyncAt ?? []);
  const nothingToJudge = times.length === 0 && devices.length > 0;
  const filtered = !nothingToJudge && times.every((time) => time >= since);
  return { requestedAt, devices, filtered, ...(nextCursor !== undefined && { nextCursor }) };
}

type WithoutId<T> = T extends unknown ? Omit<T, 'id' | 'requestedAt'> : never;

function readDevice(source: string, id: string, answer: Answer): WithoutId<DeviceReading> {
  if (answer === undefined) return { kind: 'absent' };
  if (answer instanceof SourceError) return { kind: 'failed', error: answer };
  const { device, problems } = readManagedDevice(source, answer.body);
  if (device?.id === id) return { kind: 'found', device, problems };
  return { kind: 'failed', error: wrongRecord(problems[0]?.field ?? 'id') };
}

function readHardware(id: string, answer: Answer): WithoutId<HardwareReading> {
  if (answer === undefined) return { kind: 'absent' };
  if (answer instanceof SourceError) return { kind: 'failed', error: answer };
  const hardware = readHardwareRecord(answer.body);
  if (hardware?.id !== id) return { kind: 'failed', error: wrongRecord('id') };
  const { ethernetMac, udid } = hardware;
  return { kind: 'found', ...(ethernetMac && { ethernetMac }), ...(udid !== undefined && { udid }) };
}

function wrongRecord(field: string): SourceError {
  return new SourceError('NAC_SOURCE_RECORD', `A read of one device brought a record that cannot be used: ${field}.`, {
    action: 'What is stored of the device stays; it is read again by itself.',
    field,
  });
}

function notAnId(): SourceError {
  return new SourceError('NAC_SOURCE_RECORD', 'A device was asked for by something that is no device id.', {
    action: 'Nothing to do: no such device can exist.',
    field: 'id',
  });
}
