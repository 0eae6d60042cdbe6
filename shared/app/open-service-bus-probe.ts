// Wires the doctor's look at Service Bus.

import type { TableClientStore } from '../adapters/table-storage/table-client-store.ts';
import type { ServiceBusProbe } from '../doctor/checks/service-bus.ts';

const RESULTS_QUEUE = 'coa-results';

export type ServiceBusConnection = Parameters<
  typeof import('../adapters/service-bus/service-bus-job-queue.ts')['serviceBusConnector']
>[0];

export async function openServiceBusProbe(
  connection: ServiceBusConnection,
  clients: TableClientStore,
): Promise<ServiceBusProbe & { close(): Promise<void> }> {
  const { serviceBusConnector } = await import('../adapters/service-bus/service-bus-job-queue.ts');
  const { probeResultsQueue, probeSiteQueue } = await import('../adapters/service-bus/queue-probe.ts');
  const client = (await serviceBusConnector(connection))();
  return {
    sites: async () => [...new Set((await clients.list()).map(({ site }) => site))].sort(),
    siteQueue: (site) => probeSiteQueue(client, site),
    resultsQueue: () => probeResultsQueue(client, RESULTS_QUEUE),
    close: () => client.close(),
  };
}
