// Intune as a compliance source: pages through Graph's managedDevices, following nextLink exactly as it was given.

import { type Instant, toInstant } from '../../domain/instant.ts';
import { SourceError } from '../../errors.ts';
import type { Clock, ComplianceSource, DevicePage } from '../../ports.ts';
import type { GraphClient } from './graph-client.ts';
import { MANAGED_DEVICE_PROPERTIES, readManagedDevice } from './managed-device.ts';

const SOURCE = 'intune';
const PERMISSION = 'DeviceManagementManagedDevices.Read.All';

export function createIntuneSource(graph: GraphClient, clock: Clock): ComplianceSource {
  const select = MANAGED_DEVICE_PROPERTIES.join(',');
  const firstPage = `${graph.endpoint}/v1.0/deviceManagement/managedDevices?$select=${select}`;
  return {
    name: SOURCE,
    async listDevices(cursor) {
      const requestedAt = toInstant(clock.now());
      return readPage(
        await graph.getJson(cursor ?? firstPage, PERMISSION),
        requestedAt,
        new URL(graph.endpoint).origin,
      );
    },
  };
}

/** @param origin where the next page must be, too: nothing else gets the bearer token */
function readPage(body: unknown, requestedAt: Instant, origin: string): DevicePage {
  const page = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const records = page['value'];
  const nextLink = page['@odata.nextLink'];
  if (!Array.isArray(records)) throw malformedPage('value', 'is not a list');
  if (nextLink !== undefined && typeof nextLink !== 'string') throw malformedPage('@odata.nextLink', 'is not text');
  if (nextLink && !(URL.canParse(nextLink) && new URL(nextLink).origin === origin))
    throw malformedPage('@odata.nextLink', 'leads elsewhere');
  const readings = records.map((record) => readManagedDevice(SOURCE, record));
  return {
    requestedAt,
    devices: readings.flatMap(({ device }) => device ?? []),
    problems: readings.flatMap(({ problems }) => problems),
    unreadable: readings.flatMap(({ device, problems }) => (device ? [] : [problems[0]?.id])),
    ...(nextLink && { nextCursor: nextLink }),
  };
}

function malformedPage(field: string, problem: string): SourceError {
  return new SourceError('NAC_INTUNE_PAGE', `A page of managedDevices is malformed: ${field} ${problem}.`, {
    action: 'The page is asked for again by itself; check for a proxy that changes answers if it goes on.',
    field,
  });
}
