// Puts the parts of the Intune adapter together: transport, tokens, Graph, and what is read through them.

import type { Clock } from '../../ports/clock.ts';
import type { ComplianceRetrieval } from '../../ports/compliance-retrieval.ts';
import type { ComplianceSource } from '../../ports/compliance-source.ts';
import type { DeviceReader } from '../../ports/device-reader.ts';
import type { DirectoryChanges } from '../../ports/directory-changes.ts';
import type { TokenSource } from '../entra/token-source.ts';
import { createEntraDeviceChanges } from '../graph/entra-device-changes.ts';
import { createGraphClient } from '../graph/graph-client.ts';
import { createServiceDiscovery, type ServiceDiscovery } from '../graph/service-discovery.ts';
import { createComplianceRetrieval } from './compliance-retrieval.ts';
import { createDeviceReader } from './device-reader.ts';
import { createIntuneSource } from './intune-source.ts';
import { type IntuneConnection, openIntuneConnection } from './open-intune-connection.ts';
import { createStoredServiceAddress } from './stored-service-address.ts';

/** Everything Intune and Entra can be asked. */
export interface IntuneAccess {
  readonly source: ComplianceSource;
  readonly reader: DeviceReader;
  readonly directory: DirectoryChanges;
  readonly retrieval: ComplianceRetrieval;
  /**
   * The same service at the address that another process found, so that Graph is not asked.
   * @param readAddress gives `undefined` until one is found
   */
  retrievalAt(readAddress: () => Promise<string | undefined>): ComplianceRetrieval;
  readonly services: {
    /** Where the compliance service is now. @throws SourceError NAC_SOURCE_DISCOVERY */
    locate(): Promise<string>;
  };
  readonly tokens: TokenSource;
  close(): Promise<void>;
}

/** @param connection with the hosts, and all below them, where Intune's services may be found and get a token */
export function openIntuneSource(
  connection: IntuneConnection & { readonly intuneServiceHosts: readonly string[] },
  clock: Clock,
): IntuneAccess {
  const { transport, tokens, close } = openIntuneConnection(connection, clock);
  const now = (): Date => clock.now();
  const graph = createGraphClient(connection.graphEndpoint, tokens, transport, { now });
  const trustedHosts = connection.intuneServiceHosts;
  const discovery = createServiceDiscovery(graph, { providerName: 'ComplianceRetrievalService', trustedHosts, now });
  const retrievalBy = (discovery: ServiceDiscovery): ComplianceRetrieval =>
    createComplianceRetrieval({ discovery, tokens, transport, audience: connection.intuneAudience, clock });
  return {
    source: createIntuneSource(graph, clock),
    reader: createDeviceReader(graph, clock),
    directory: createEntraDeviceChanges(graph, clock),
    retrieval: retrievalBy(discovery),
    retrievalAt: (readAddress) => retrievalBy(createStoredServiceAddress(readAddress, { trustedHosts, now })),
    services: {
      locate() {
        discovery.forget();
        return discovery.find();
      },
    },
    tokens,
    close,
  };
}
