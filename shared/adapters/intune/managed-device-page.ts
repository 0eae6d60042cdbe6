// Reads one page of managedDevices, whichever request it answers.

import type { Instant } from '../../domain/instant.ts';
import { SourceError } from '../../errors.ts';
import type { ListPage } from '../../ports/compliance-source.ts';
import { ListedManagedDevice } from './listed-managed-device.ts';
import type { SplitPage } from './split-page.ts';

/** The application permission for everything below `deviceManagement/managedDevices`. */
export const MANAGED_DEVICES_PERMISSION = 'DeviceManagementManagedDevices.Read.All';

/**
 * @param source first part of the keys of its devices
 * @param page from {@link splitPage}
 * @param origin where the next page must be, too: nothing else gets the bearer token
 * @throws SourceError NAC_SOURCE_PAGE
 */
export function readManagedDevicePage(source: string, page: SplitPage, requestedAt: Instant, origin: string): ListPage {
  const { envelope, records } = page;
  if (records === undefined) throw malformedPage('value', 'is not a list');
  const { '@odata.nextLink': nextLink } = envelope as Record<string, unknown>;
  // Null ends a list as an absent one does.
  if (nextLink !== undefined && nextLink !== null && typeof nextLink !== 'string')
    throw malformedPage('@odata.nextLink', 'is not text');
  if (nextLink && !(URL.canParse(nextLink) && new URL(nextLink).origin === origin))
    throw malformedPage('@odata.nextLink', 'leads elsewhere');
  return {
    requestedAt,
    records: records.map((record) => new ListedManagedDevice(source, record)),
    ...(nextLink && { nextCursor: nextLink }),
  };
}

function malformedPage(field: string, problem: string): SourceError {
  return new SourceError('NAC_SOURCE_PAGE', `A page of managedDevices is malformed: ${field} ${problem}.`, {
    action: 'The page is asked for again by itself; check for a proxy that changes answers if it goes on.',
    field,
  });
}
