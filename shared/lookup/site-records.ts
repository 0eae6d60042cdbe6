// Shows a site the stored devices of the sources that count there, and nothing of any other.

import { parseDeviceKeyText } from '../domain/device/device.ts';
import { CERTIFICATE_SOURCE } from '../domain/identity/certificate-source.ts';
import type { Sites } from '../domain/sites.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import type { IdentityOwners, IdentityStore } from '../ports/identity-store.ts';
import type { RecordsBySite, SeenRecords, SiteRecords } from '../ports/site-records.ts';
import { type SourceScope, type SourcesOfSite, sourcesAt } from '../ports/source-scope.ts';

export interface SiteRecordsDeps {
  readonly devices: Pick<DeviceStore, 'read'>;
  readonly identities: Pick<IdentityStore, 'readOwners' | 'readOwnersOf'>;
  readonly scope: SourceScope;
}

/** @param sites those that an operator may see */
export function recordsFor(records: RecordsBySite, sites: Sites): Promise<SeenRecords> {
  return records.seenAt(sites);
}

export function siteRecords({ devices, identities, scope }: SiteRecordsDeps): RecordsBySite {
  const seen = ({ names, only, counts, namedBy }: SourcesOfSite): SeenRecords => ({
    counts,
    keysOf: ({ value, source = CERTIFICATE_SOURCE }) => namedBy(source).map((name) => ({ source: name, id: value })),
    everyKeyOf: (id) => names.map((source) => ({ source, id })),
    read: async (key, options) => (counts(key.source) ? devices.read(key, options) : undefined),
    async readOwners(identity, options): Promise<IdentityOwners> {
      const owners = await identities.readOwners(identity, options);
      if (only === undefined) return owners;
      // The row has no room for all: those of other sources must not keep out the ones that count here.
      if (owners.more) return identities.readOwnersOf(identity, only, options);
      return { ...owners, devices: owners.devices.filter((key) => counts(parseDeviceKeyText(key).source)) };
    },
    readOwnersIn: async (source, identity, options) =>
      counts(source) ? identities.readOwnersOf(identity, [source], options) : { devices: [], more: false },
  });
  return {
    at: async (site, options) => seen(await scope.at(site, options)) as SiteRecords,
    seenAt: async (sites, options) => seen(await sourcesAt(scope, sites, options)),
  };
}
