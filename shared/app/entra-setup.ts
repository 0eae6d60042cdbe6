// Sets up the directory of a tenant as a source.

import type { EntraConnection } from '../adapters/entra-directory/open-entra-source.ts';
import { bareGuid } from '../domain/guid-forms.ts';
import type { EntraDefinition } from '../domain/source/source-definition.ts';
import { tenantConnection } from './microsoft-connection.ts';
import { credentialExpiryReporter } from './report-credential-expiry.ts';
import { reachableFor, type SourceParts } from './source-parts.ts';
import { commonSetup, type SourceSetup } from './source-setup.ts';

export function entraSetup(definition: EntraDefinition, { settings, clock, secretOf }: SourceParts): SourceSetup {
  const { name, pollingIntervalMs, massChange, users, groups } = definition;
  const { changedDevicesIntervalMs, reauthIntervalMs, fastLaneMs, network } = settings;
  const connect = (): EntraConnection => ({
    ...tenantConnection(definition.connection, settings, secretOf),
    users,
    groups,
  });
  return {
    ...commonSetup(definition),
    entraIds: true,
    isDeviceId: (text) => bareGuid(text) === text,
    sweeps: true,
    limits: {
      pollingIntervalMs,
      changedDevicesIntervalMs,
      // The directory knows no hardware, and no address to ask at.
      hardwareMaxAgeMs: undefined,
      reauthIntervalMs,
      fastLaneMs,
      massChange,
      asksLive: false,
    },
    reachableMs: reachableFor(pollingIntervalMs),
    callMs: network.connectTimeoutMs + network.readTimeoutMs,
    check: () => void connect(),
    async open() {
      const { openEntraSource } = await import('../adapters/entra-directory/open-entra-source.ts');
      const source = openEntraSource(name, connect(), clock);
      return {
        source,
        reportCredential: (deps) => credentialExpiryReporter(source.tokens, connect().graphEndpoint, deps),
        close: source.close,
      };
    },
    async examine() {
      const { examineDirectory } = await import('./entra-checks.ts');
      return examineDirectory(name, connect(), clock);
    },
  };
}
