// Intune as a source: transport, tokens and Graph put together, and what the app may ask through them.

import type { Clock } from '../../ports/clock.ts';
import type { LiveVerdicts, MdmSource } from '../../ports/mdm-source.ts';
import type { TokenSource } from '../entra/token-source.ts';
import { createEntraDeviceChanges } from '../graph/entra-device-changes.ts';
import { createGraphClient } from '../graph/graph-client.ts';
import { createServiceDiscovery, type ServiceDiscovery } from '../graph/service-discovery.ts';
import { createComplianceRetrieval } from './compliance-retrieval.ts';
import { createDeviceReader } from './device-reader.ts';
import { isIntuneDeviceId } from './intune-device-id.ts';
import { createManagedDeviceList } from './intune-source.ts';
import { type IntuneConnection, openIntuneConnection } from './open-intune-connection.ts';
import { createStoredServiceAddress } from './stored-service-address.ts';

/** Everything that Intune and Entra can be asked. */
export interface IntuneAccess extends MdmSource {
  readonly tokens: TokenSource;
  close(): Promise<void>;
}

/**
 * @param name of the source
 * @param connection with the hosts, and all below them, where Intune's services may be found and get a token
 */
export function openIntuneSource(
  name: string,
  connection: IntuneConnection & { readonly intuneServiceHosts: readonly string[] },
  clock: Clock,
) {
  const { transport, tokens, close } = openIntuneConnection(connection, clock);
  const now = (): Date => clock.now();
  const graph = createGraphClient(connection.graphEndpoint, tokens, transport, { now });
  const trustedHosts = connection.intuneServiceHosts;
  const discovery = createServiceDiscovery(graph, { providerName: 'ComplianceRetrievalService', trustedHosts, now });
  const retrievalBy = (discovery: ServiceDiscovery) =>
    createComplianceRetrieval({ discovery, tokens, transport, audience: connection.intuneAudience, clock });
  const reader = createDeviceReader(name, graph, clock);
  const retrieval = retrievalBy(discovery);
  return {
    name,
    isDeviceId: isIntuneDeviceId,
    list: createManagedDeviceList(name, graph, clock),
    checkIns: reader,
    devices: reader,
    hardware: reader,
    verdicts: retrieval,
    noncompliant: retrieval,
    hints: createEntraDeviceChanges(graph, clock),
    address: {
      locate() {
        discovery.forget();
        return discovery.find();
      },
    },
    live: (readAddress): LiveVerdicts => retrievalBy(createStoredServiceAddress(readAddress, { trustedHosts, now })),
    tokens,
    close,
  } satisfies IntuneAccess;
}
