// Single devices of the directory by $batch: the record with its owners, then which groups they are in. Both are asked
// for now, so that nothing older than the question counts.

import { type Device, isDeviceId } from '../../domain/device/device.ts';
import { groupTokens } from '../../domain/device/group-memberships.ts';
import { type Instant, toInstant } from '../../domain/instant.ts';
import { SourceError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeviceReading, DeviceReads } from '../../ports/device-reader.ts';
import { type BatchBody, type GraphClient, LARGEST_BATCH } from '../graph/graph-client.ts';
import { asRecord, readGuid } from '../graph/odata-page.ts';
import { DEVICES_PERMISSION } from './device-list.ts';
import { type DirectoryQuery, type DirectoryRecord, deviceQuery, readDirectoryDevice } from './directory-device.ts';
import { GROUPS_PERMISSION, type GroupMembers } from './group-members.ts';

type Answer = BatchBody | SourceError | undefined;
/** `undefined` where it is not permitted to know. */
type Memberships = ReadonlySet<string> | undefined;

/** @param members as the list read them; absent where no group is asked for */
export function createDirectoryReads(
  source: string,
  graph: GraphClient,
  clock: Pick<Clock, 'now'>,
  { groups, ...query }: Pick<DirectoryQuery, 'users'> & { readonly groups: readonly string[] },
  members?: Pick<GroupMembers, 'isUnread'>,
): DeviceReads {
  const asked: DirectoryQuery = { users: query.users, groups: groups.length > 0 };
  const select = deviceQuery(asked);

  async function readSome(ids: readonly string[]): Promise<readonly DeviceReading[]> {
    const requestedAt = toInstant(clock.now());
    const known = ids.filter(isDeviceId);
    const answers = await graph.getBatch(
      known.map((id) => `/devices/${id}?${select}`),
      DEVICES_PERMISSION,
    );
    const read = known.map((id, index) => readAnswer(source, id, answers[index], requestedAt, asked));
    const records = read.flatMap(({ record }) => record ?? []);
    const memberships = groups.length === 0 ? new Map() : await readMemberships(records);
    const readings = read.map(({ reading, record }) => {
      if (record === undefined) return reading;
      const own = membershipsOf(record, memberships);
      if (own instanceof SourceError) return failed(reading.id, requestedAt, own);
      return { ...reading, kind: 'found' as const, problems: [], device: withGroups(record.device, own) };
    });
    const unknown = ids.filter((id) => !isDeviceId(id)).map((id) => failed(id, requestedAt, notAnId()));
    return [...readings, ...unknown];
  }

  /** By object id of device or owner. */
  async function readMemberships(records: readonly DirectoryRecord[]): Promise<Map<string, Memberships | SourceError>> {
    const ids = [...new Set(records.flatMap(({ objectIds }) => objectIds ?? []))];
    const found = new Map<string, Memberships | SourceError>();
    for (let start = 0; start < ids.length; start += LARGEST_BATCH) {
      const chunk = ids.slice(start, start + LARGEST_BATCH);
      const body = { groupIds: groups };
      const requests = chunk.map((id) => ({ path: `/directoryObjects/${id}/checkMemberGroups`, body }));
      const answers = await graph.postBatch(requests, GROUPS_PERMISSION);
      for (const [index, id] of chunk.entries()) found.set(id, readGroups(answers[index]));
    }
    return found;
  }

  function membershipsOf(
    { objectIds }: DirectoryRecord,
    memberships: ReadonlyMap<string, Memberships | SourceError>,
  ): Memberships | SourceError {
    if (objectIds === undefined) return undefined;
    const all = objectIds.map((id) => memberships.get(id));
    const error = all.find((one) => one instanceof SourceError);
    if (error !== undefined) return error;
    if (all.includes(undefined)) return undefined;
    return new Set(all.flatMap((one) => (one instanceof Set ? [...one] : [])));
  }

  function withGroups(device: Device, own: Memberships): Device {
    const tokens = own === undefined ? undefined : groupTokens(groups, isMemberIn(own));
    return tokens === undefined ? device : { ...device, groups: tokens };
  }

  /** What the list could not read is not known here either: else the record would change with each of the two. */
  function isMemberIn(own: ReadonlySet<string>): (group: string) => boolean | undefined {
    return (group) => (members?.isUnread(group) ? undefined : own.has(group));
  }

  return {
    async readDevices(ids) {
      const readings: DeviceReading[] = [];
      for (let start = 0; start < ids.length; start += LARGEST_BATCH) {
        const chunk = ids.slice(start, start + LARGEST_BATCH);
        try {
          readings.push(...(await readSome(chunk)));
        } catch (thrown) {
          if (!(thrown instanceof SourceError)) throw thrown;
          // What is left would fail for the same reason.
          const requestedAt = toInstant(clock.now());
          return [...readings, ...ids.slice(start).map((id) => failed(id, requestedAt, thrown))];
        }
      }
      return readings;
    },
  };
}

function readAnswer(
  source: string,
  id: string,
  answer: Answer,
  requestedAt: Instant,
  query: DirectoryQuery,
): { readonly reading: DeviceReading; readonly record?: DirectoryRecord } {
  if (answer === undefined) return { reading: { id, requestedAt, kind: 'absent' } };
  if (answer instanceof SourceError) return { reading: failed(id, requestedAt, answer) };
  const { record, problems } = readDirectoryDevice(source, answer.body, requestedAt, query);
  if (record?.device.id !== id) return { reading: failed(id, requestedAt, wrongRecord(problems[0]?.field ?? 'id')) };
  return { reading: { id, requestedAt, kind: 'found', device: record.device, problems }, record };
}

function readGroups(answer: Answer): Memberships | SourceError {
  // What was deleted a moment ago is in no group.
  if (answer === undefined) return new Set();
  if (answer instanceof SourceError) return answer.code === 'NAC_SOURCE_FORBIDDEN' ? undefined : answer;
  const value = asRecord(answer.body)['value'];
  if (!Array.isArray(value)) return wrongRecord('checkMemberGroups');
  return new Set(value.flatMap((id) => readGuid(id) ?? []));
}

function failed(id: string, requestedAt: Instant, error: SourceError): DeviceReading {
  return { id, requestedAt, kind: 'failed', error };
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
