// Wires the doctor: every dependency of this product, opened anew, so that nothing is believed because it worked before.

import { readFileSync } from 'node:fs';
import { createComplianceRetrieval } from '../adapters/intune/compliance-retrieval.ts';
import { createGraphClient } from '../adapters/intune/graph-client.ts';
import { createIntuneSource } from '../adapters/intune/intune-source.ts';
import { openIntuneConnection } from '../adapters/intune/open-intune-connection.ts';
import { createServiceDiscovery } from '../adapters/intune/service-discovery.ts';
import { probeStorage } from '../adapters/table-storage/storage-probe.ts';
import { TableClientStore } from '../adapters/table-storage/table-client-store.ts';
import { TableSweepStore } from '../adapters/table-storage/table-sweep-store.ts';
import { openTables, type TableConnection } from '../adapters/table-storage/tables.ts';
import type { Check, CheckReport, DoctorReport } from '../doctor/check.ts';
import { credentialCheck } from '../doctor/checks/credential.ts';
import { hostCheck } from '../doctor/checks/host.ts';
import { type IntuneFindings, intuneChecks } from '../doctor/checks/intune.ts';
import { type ServiceBusProbe, serviceBusCheck } from '../doctor/checks/service-bus.ts';
import { storageChecks } from '../doctor/checks/storage.ts';
import { tenantChecks } from '../doctor/checks/tenant.ts';
import { GrantedRoles, rolesCheck, tokenCheck } from '../doctor/checks/tokens.ts';
import { walkChecks } from '../doctor/walk.ts';
import type { Clock } from '../ports.ts';
import type { Settings } from '../settings.ts';

const RESULTS_QUEUE = 'coa-results';

type ServiceBusConnection = Parameters<
  typeof import('../adapters/service-bus/service-bus-job-queue.ts')['serviceBusConnector']
>[0];

/** Who asks: the function app itself, or an operator at a keyboard with another identity. */
export interface DoctorConnections {
  readonly storage: TableConnection;
  readonly serviceBus?: ServiceBusConnection | undefined;
}

export interface Doctor {
  examine(onReport?: (report: CheckReport) => void): Promise<DoctorReport>;
  close(): Promise<void>;
}

export async function openDoctor(
  settings: Settings,
  clock: Clock,
  { storage, serviceBus }: DoctorConnections = settings,
): Promise<Doctor> {
  const closing: (() => Promise<void>)[] = [];
  const connection = openIntuneConnection(settings, clock);
  closing.push(() => connection.close());
  // As impatient as a lookup: who waits for the doctor wants to know now.
  const tables = await openTables(storage, 'lookup');
  const bus = serviceBus === undefined ? undefined : await openBus(serviceBus, new TableClientStore(tables.clients));
  if (bus) closing.push(bus.close);
  return {
    examine: (onReport) =>
      walkChecks(
        [
          ...microsoftChecks(settings, clock, connection),
          ...storageChecks({
            probe: () => probeStorage(tables),
            sweeps: new TableSweepStore(tables.polling),
            clock,
            pollingIntervalMs: settings.pollingIntervalMs,
          }),
          serviceBusCheck(bus),
        ],
        clock,
        onReport,
      ),
    async close() {
      for (const close of closing.splice(0)) await close();
    },
  };
}

function microsoftChecks(
  settings: Settings,
  clock: Clock,
  { transport, tokens }: ReturnType<typeof openIntuneConnection>,
): Check[] {
  const { entra, graphEndpoint, intuneAudience, intuneServiceHosts, network } = settings;
  const now = (): Date => clock.now();
  const graph = createGraphClient(graphEndpoint, tokens, transport, { now });
  const discovery = createServiceDiscovery(graph, {
    providerName: 'ComplianceRetrievalService',
    trustedHosts: intuneServiceHosts,
    now,
  });
  const granted = new GrantedRoles();
  const findings: IntuneFindings = {};
  const compliance = createComplianceRetrieval({ discovery, tokens, transport, audience: intuneAudience, clock });
  const intune = intuneChecks({ source: createIntuneSource(graph, clock), discovery, compliance, granted }, findings);
  const extraCa = network.extraCaFile === undefined ? undefined : readFileSync(network.extraCaFile, 'utf8');
  const probe = { timeoutMs: network.connectTimeoutMs, extraCa, proxy: network.proxy };
  return [
    credentialCheck(tokens, clock),
    hostCheck({ ...probe, name: 'host-entra', service: 'Microsoft Entra', url: () => entra.authorityHost }),
    hostCheck({ ...probe, name: 'host-graph', service: 'Microsoft Graph', url: () => graphEndpoint }),
    ...tenantChecks({ transport, clock, authorityHost: entra.authorityHost, tenantId: entra.tenantId, graphEndpoint }),
    tokenCheck(tokens, granted, {
      name: 'token-graph',
      api: 'Microsoft Graph',
      resource: graphEndpoint,
      setting: 'GRAPH_ENDPOINT',
    }),
    tokenCheck(tokens, granted, {
      name: 'token-intune',
      api: 'Intune API',
      resource: intuneAudience,
      setting: 'INTUNE_AUDIENCE',
    }),
    rolesCheck(granted),
    intune.devices,
    intune.discovery,
    hostCheck({
      ...probe,
      name: 'host-intune',
      needs: ['discovery'],
      service: 'Intune’s compliance service',
      url: () => findings.serviceUrl ?? '',
    }),
    intune.compliance,
  ];
}

async function openBus(
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
