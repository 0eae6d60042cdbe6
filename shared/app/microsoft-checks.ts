// Wires the doctor's checks of everything that is Microsoft's: Entra, Graph, Intune.

import { readFileSync } from 'node:fs';
import { credentialCheck } from '../adapters/entra/check-credential.ts';
import { tenantChecks } from '../adapters/entra/check-tenant.ts';
import { createGraphClient, type GraphClient } from '../adapters/graph/graph-client.ts';
import { createServiceDiscovery, type ServiceDiscovery } from '../adapters/graph/service-discovery.ts';
import { hostCheck } from '../adapters/https/check-host.ts';
import { type IntuneFindings, intuneChecks } from '../adapters/intune/check-intune.ts';
import { GrantedRoles, rolesCheck, tokenCheck } from '../adapters/intune/check-tokens.ts';
import { createComplianceRetrieval } from '../adapters/intune/compliance-retrieval.ts';
import { createManagedDeviceList } from '../adapters/intune/intune-source.ts';
import { type OpenIntuneConnection, openIntuneConnection } from '../adapters/intune/open-intune-connection.ts';
import { permissionNeeds } from '../adapters/intune/permissions.ts';
import type { IntunePermits } from '../adapters/intune/permitted.ts';
import { createRawAnswers } from '../adapters/intune/raw-answers.ts';
import type { Check } from '../ports/check.ts';
import type { Clock } from '../ports/clock.ts';
import type { RawAnswers } from '../ports/raw-answers.ts';
import type { TenantConnection } from './microsoft-connection.ts';
import type { Examination } from './source-setup.ts';

/** Opens a connection of its own. @param name of the source */
export function examineMicrosoft(
  name: string,
  tenant: TenantConnection,
  permits: IntunePermits,
  clock: Clock,
): Examination {
  const connection = openIntuneConnection(tenant, clock);
  return {
    checks: microsoftChecks(name, tenant, permits, clock, connection),
    raw: rawAnswers(tenant, clock, connection),
    close: () => connection.close(),
  };
}

function microsoftChecks(
  name: string,
  tenant: TenantConnection,
  permits: IntunePermits,
  clock: Clock,
  { transport, tokens }: OpenIntuneConnection,
): Check[] {
  const { entra, graphEndpoint, intuneAudience, network } = tenant;
  const now = (): Date => clock.now();
  const graph = createGraphClient(graphEndpoint, tokens, transport, { now });
  const discovery = openDiscovery(tenant, graph, now);
  const granted = new GrantedRoles();
  const findings: IntuneFindings = {};
  const compliance = createComplianceRetrieval({ discovery, tokens, transport, audience: intuneAudience, clock });
  const needs = permissionNeeds(permits.intunePermissions, permits.entraDeviceDelta);
  const list = createManagedDeviceList(name, graph, clock);
  const intune = intuneChecks({ list, discovery, compliance, granted, needs }, findings);
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
    rolesCheck(granted, needs),
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

function rawAnswers(tenant: TenantConnection, clock: Clock, { transport, tokens }: OpenIntuneConnection): RawAnswers {
  const { graphEndpoint, intuneAudience } = tenant;
  const now = (): Date => clock.now();
  const discovery = openDiscovery(tenant, createGraphClient(graphEndpoint, tokens, transport, { now }), now);
  return createRawAnswers({ transport, tokens, discovery, graphEndpoint, intuneAudience });
}

function openDiscovery(
  { intuneServiceHosts }: TenantConnection,
  graph: GraphClient,
  now: () => Date,
): ServiceDiscovery {
  return createServiceDiscovery(graph, {
    providerName: 'ComplianceRetrievalService',
    trustedHosts: intuneServiceHosts,
    now,
  });
}
