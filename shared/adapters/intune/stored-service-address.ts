// For processes that do not ask Graph: the address of a service as another process found it and left it in the store.

import { SourceError } from '../../errors.ts';
import { isTrustedService, type ServiceDiscovery } from '../graph/service-discovery.ts';

/**
 * The poll looks for a moved service every quarter of an hour; the other processes learn of it at most this much later.
 */
const REMEMBERED_MS = 300_000;

export interface StoredServiceAddressOptions {
  /** Hosts, and everything below them, that may get the token. */
  readonly trustedHosts: readonly string[];
  readonly now: () => Date;
}

/** @param read what is stored; `undefined` while nothing is */
export function createStoredServiceAddress(
  read: () => Promise<string | undefined>,
  { trustedHosts, now }: StoredServiceAddressOptions,
): ServiceDiscovery {
  let known: Promise<string> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    find() {
      if (known !== undefined && now().getTime() - readAt < REMEMBERED_MS) return known;
      readAt = now().getTime();
      const reading = read().then((address) => {
        if (address === undefined) throw notFoundYet();
        if (!isTrustedService(address, trustedHosts)) throw notTrusted();
        return address;
      });
      known = reading;
      // Only a success is kept.
      reading.catch(() => {
        if (known === reading) known = undefined;
      });
      return reading;
    },
    forget() {
      known = undefined;
    },
  };
}

function notFoundYet(): SourceError {
  return new SourceError('NAC_SOURCE_DISCOVERY', 'The poll has not found Intune’s compliance service yet.', {
    action:
      'It looks within a minute of its start, and every quarter of an hour; `npm run doctor` shows what keeps it from it.',
  });
}

function notTrusted(): SourceError {
  return new SourceError('NAC_SOURCE_DISCOVERY', 'The stored address of Intune’s compliance service gets no token.', {
    action: 'If Microsoft does run the service there, name the host in INTUNE_SERVICE_HOSTS.',
    field: 'uri',
  });
}
