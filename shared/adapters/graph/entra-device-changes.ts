// Entra's device changes through Graph's `/devices/delta` (Graph v1.0, device: delta): which devices' isCompliant or
// isManaged may have changed. It knows no MAC address and lags; each hit is confirmed by a read of the device itself.

import { toInstant } from '../../domain/instant.ts';
import { SourceError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DirectoryChange, DirectoryChanges, DirectoryChangesPage } from '../../ports/directory-changes.ts';
import type { GraphClient } from './graph-client.ts';

const PERMISSION = 'Device.Read.All';
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createEntraDeviceChanges(graph: GraphClient, clock: Clock): DirectoryChanges {
  const { origin } = new URL(graph.endpoint);
  // `latest` begins now, without the list of everything there is.
  const fromNowOn = `${graph.endpoint}/v1.0/devices/delta?$select=id,deviceId,isCompliant,isManaged&$deltatoken=latest`;
  return {
    async read(link) {
      const requestedAt = toInstant(clock.now());
      const page = asRecord(await graph.getJson(link ?? fromNowOn, PERMISSION));
      const records = page['value'];
      if (!Array.isArray(records)) throw malformed('value', 'is not a list');
      const nextLink = readLink(page, '@odata.nextLink', origin);
      const deltaLink = readLink(page, '@odata.deltaLink', origin);
      const onward: Pick<DirectoryChangesPage, 'nextLink' | 'deltaLink'> = {
        ...(nextLink !== undefined && { nextLink }),
        ...(deltaLink !== undefined && { deltaLink }),
      };
      // Without either there is no way to go on, and later changes would be missed in silence.
      if (nextLink === undefined && deltaLink === undefined) throw malformed('@odata.deltaLink', 'is missing');
      if (nextLink !== undefined && nextLink === link) throw malformed('@odata.nextLink', 'leads back to itself');
      return { requestedAt, changes: records.flatMap(readChange), ...onward };
    },
  };
}

/** Leaves out a record that cannot be read: the sweep finds the change. */
function readChange(value: unknown): DirectoryChange[] {
  const record = asRecord(value);
  const objectId = readGuid(record['id']);
  if (objectId === undefined) return [];
  const entraDeviceId = readGuid(record['deviceId']);
  const { isCompliant, isManaged } = record;
  return [
    {
      objectId,
      ...(entraDeviceId !== undefined && { entraDeviceId }),
      ...(typeof isCompliant === 'boolean' && { isCompliant }),
      ...(typeof isManaged === 'boolean' && { isManaged }),
      // `{"reason": "changed"}` stands for one that may come back, `"deleted"` for one that will not.
      removed: typeof record['@removed'] === 'object' && record['@removed'] !== null,
    },
  ];
}

function readGuid(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return GUID.test(text) ? text : undefined;
}

function readLink(page: Record<string, unknown>, field: string, origin: string): string | undefined {
  const link = page[field];
  if (link === undefined || link === null) return undefined;
  if (typeof link !== 'string') throw malformed(field, 'is not text');
  if (!URL.canParse(link) || new URL(link).origin !== origin) throw malformed(field, 'leads elsewhere');
  return link;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function malformed(field: string, problem: string): SourceError {
  return new SourceError('NAC_SOURCE_PAGE', `A page of device changes is malformed: ${field} ${problem}.`, {
    action: 'It is asked for again by itself; check for a proxy that changes answers if it goes on.',
    field,
  });
}
