// Stored devices as a site sees them where every source counts.

import { TableDeviceStore } from '../../shared/adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../../shared/adapters/table-storage/table-identity-store.ts';
import type { Tables } from '../../shared/adapters/table-storage/tables.ts';
import { scopeOf } from '../../shared/app/source-scope.ts';
import { siteRecords } from '../../shared/lookup/site-records.ts';
import type { RecordsBySite } from '../../shared/ports/site-records.ts';

export function recordsOf(tables: Pick<Tables, 'devices' | 'identities'>): RecordsBySite {
  return siteRecords({
    devices: new TableDeviceStore(tables.devices),
    identities: new TableIdentityStore(tables.identities),
    scope: scopeOf(async () => []),
  });
}
