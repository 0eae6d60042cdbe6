// The whole list of the directory's devices, page by page. Where policy may ask for groups, their members are read
// before the first page of devices, over as many pages without devices as it takes.

import { hash } from 'node:crypto';
import { deviceContent } from '../../domain/device/device.ts';
import { type Instant, toInstant } from '../../domain/instant.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeviceList, ListedRecord, ListPage } from '../../ports/compliance-source.ts';
import type { GraphClient } from '../graph/graph-client.ts';
import { readODataPage } from '../graph/odata-page.ts';
import { type DirectoryQuery, deviceQuery, readDirectoryDevice, verdictEndsAt } from './directory-device.ts';
import type { GroupMembers, KnownMembers } from './group-members.ts';

export const DEVICES_PERMISSION = 'Device.Read.All';

const PAGE_SIZE = 999;
/** With owners a page is smaller: each of them is a join. */
const PAGE_SIZE_WITH_OWNERS = 100;
/** Forty bits, in hexadecimal digits. */
const FINGERPRINT_DIGITS = 10;
const NO_FINGERPRINT = 0;
/** `members|<number of the call>|<link of the page of devices that comes after>` */
const MEMBERS = /^members\|(?<calls>\d{1,6})\|(?<link>.*)$/s;

/** @param members absent where no group is asked for */
export function createDirectoryList(
  source: string,
  graph: GraphClient,
  clock: Pick<Clock, 'now'>,
  query: DirectoryQuery,
  members?: GroupMembers,
): DeviceList {
  const { origin } = new URL(graph.endpoint);
  const size = query.users || query.groups ? PAGE_SIZE_WITH_OWNERS : PAGE_SIZE;
  const firstPage = `${graph.endpoint}/v1.0/devices?${deviceQuery(query)}&$top=${size}`;

  async function readPage(link: string, known: KnownMembers | undefined): Promise<ListPage> {
    const askedAt = toInstant(clock.now());
    const body = await graph.getJson(link, DEVICES_PERMISSION);
    const { records, nextLink } = readODataPage(body, { of: 'devices', origin, from: link });
    // No younger than what is said of groups.
    const requestedAt = known !== undefined && known.readAt < askedAt ? known.readAt : askedAt;
    return {
      requestedAt,
      records: records.map((record) => listedRecord(source, record, askedAt, query, known)),
      ...(nextLink !== undefined && { nextCursor: nextLink }),
    };
  }

  return {
    async listDevices(cursor) {
      const { calls, link } = MEMBERS.exec(cursor ?? '')?.groups ?? { calls: '0', link: cursor };
      const page = link === undefined || link === '' ? firstPage : link;
      if (members === undefined) return readPage(page, undefined);
      if (cursor === undefined) members.startAgain();
      if (members.known() === undefined) {
        const requestedAt = toInstant(clock.now());
        await members.readOn();
        if (members.known() === undefined)
          return { requestedAt, records: [], nextCursor: `members|${Number(calls) + 1}|${link ?? ''}` };
      }
      return readPage(page, members.known());
    },
  };
}

function listedRecord(
  source: string,
  value: unknown,
  at: Instant,
  query: DirectoryQuery,
  known: KnownMembers | undefined,
): ListedRecord {
  const { id, record, problems } = readDirectoryDevice(source, value, at, query);
  const key = id === undefined ? undefined : { source, id };
  if (record === undefined)
    return { key, fingerprint: NO_FINGERPRINT, graceExpiresAt: undefined, read: () => ({ problems }) };
  const groups = record.objectIds && known?.tokensOf(record.objectIds);
  const device = { ...record.device, ...(groups !== undefined && { groups }) };
  return {
    key,
    fingerprint: Number.parseInt(hash('sha256', deviceContent(device)).slice(0, FINGERPRINT_DIGITS), 16),
    // It is read again when the verdict runs out.
    graceExpiresAt: verdictEndsAt(value, device),
    read: () => ({ device, problems }),
  };
}
