// The tenant that a bench with many rows learns from: settings that reach it, and which of its devices are patterns.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { IntuneTenant } from '../../local/intune-tenant/intune-tenant.ts';
import { deviceHash } from '../../shared/domain/device/device.ts';

export const TENANT_DEVICES = 600;
const PATTERNS_PER_SHARD = 2;

export function settingsOf(tenant: IntuneTenant, folder: string): Record<string, string> {
  const caFile = path.join(folder, 'tenant-ca.pem');
  writeFileSync(caFile, tenant.caPem);
  return {
    ENTRA_TENANT_ID: tenant.tenantId,
    ENTRA_CLIENT_ID: tenant.clientId,
    ENTRA_CLIENT_SECRET: tenant.clientSecret,
    ENTRA_AUTHORITY_HOST: tenant.authorityHost,
    GRAPH_ENDPOINT: tenant.graphUrl,
    INTUNE_SERVICE_HOSTS: 'localhost',
    EXTRA_CA_FILE: caFile,
    POLLING_INTERVAL: '60m',
    CHANGED_DEVICES_INTERVAL: 'off',
    HARDWARE_MAX_AGE: 'off',
    FAST_LANE: 'off',
  };
}

/** Compliant ones, so that there are some in every shard. */
export function patternDevices(tenant: IntuneTenant): string[] {
  const names = Array.from({ length: TENANT_DEVICES }, (_, index) => `NAC-${String(index + 1).padStart(5, '0')}`);
  const ids = names
    .map((name) => tenant.fleet.get(name))
    .filter(({ complianceState }) => complianceState === 'compliant')
    .map(({ id }) => id.toLowerCase());
  const byShard = Map.groupBy(ids, (id) => deviceHash({ source: 'intune', id }).charAt(0));
  return [...byShard.values()].flatMap((some) => some.slice(0, PATTERNS_PER_SHARD));
}
