// The Intune tenant of a local run, and settings that poll it by certificate, as one should the real one.

import { createClientCertificate } from './certificates/client-certificate.ts';
import { type IntuneTenant, startIntuneTenant } from './intune-tenant/intune-tenant.ts';
import type { LocalRun } from './local-run.ts';

export async function startLocalTenant(
  run: LocalRun,
  fleetSize: number | undefined,
): Promise<{ readonly tenant: IntuneTenant; readonly settings: Readonly<Record<string, string>> }> {
  const { certificatePem, privateKeyPem } = await createClientCertificate();
  const tenant = await startIntuneTenant({
    ...(fleetSize !== undefined && { fleetSize }),
    clientCertificatePem: certificatePem,
  });
  run.defer(() => tenant.close());
  run.progress('Intune tenant (simulated)', `${tenant.baseUrl}, control port ${tenant.controlUrl}`);
  const settings = {
    ENTRA_TENANT_ID: tenant.tenantId,
    ENTRA_CLIENT_ID: tenant.clientId,
    ENTRA_CLIENT_CERTIFICATE: `${certificatePem}\n${privateKeyPem}`,
    ENTRA_AUTHORITY_HOST: tenant.authorityHost,
    CONSOLE_CLIENT_ID: tenant.console.clientId,
    GRAPH_ENDPOINT: tenant.graphUrl,
    INTUNE_SERVICE_HOSTS: 'localhost',
    // The tenant is on this machine, whatever lies between it and the world.
    HTTPS_PROXY: '',
    POLLING_INTERVAL: '10s',
  };
  return { tenant, settings };
}
