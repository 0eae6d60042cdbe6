// Sets up a tenant of Intune as a source.

import { isIntuneDeviceId } from '../adapters/intune/intune-device-id.ts';
import type { IntuneAccess } from '../adapters/intune/open-intune-source.ts';
import { permitted } from '../adapters/intune/permitted.ts';
import { CERTIFICATE_SOURCE } from '../domain/identity/certificate-source.ts';
import type { IntuneDefinition } from '../domain/source/source-definition.ts';
import { tenantConnection } from './microsoft-connection.ts';
import { credentialExpiryReporter } from './report-credential-expiry.ts';
import { reachableFor, type SourceParts } from './source-parts.ts';
import { commonSetup, type SourceSetup } from './source-setup.ts';

/** @param standIn in place of the real Intune */
export function intuneSetup(
  definition: IntuneDefinition,
  { settings, clock, secretOf }: SourceParts,
  standIn?: () => IntuneAccess,
): SourceSetup {
  const { name, pollingIntervalMs, massChange } = definition;
  const { changedDevicesIntervalMs, hardwareMaxAgeMs, reauthIntervalMs, fastLaneMs, network, liveQuery } = settings;
  const sweeps = definition.permissions === 'full';
  const permits = { intunePermissions: definition.permissions, entraDeviceDelta: definition.deviceDelta };
  const connect = () => tenantConnection(definition.connection, settings, secretOf);
  return {
    ...commonSetup(definition),
    certificateIds: CERTIFICATE_SOURCE,
    entraIds: true,
    isDeviceId: isIntuneDeviceId,
    sweeps,
    limits: {
      pollingIntervalMs,
      changedDevicesIntervalMs,
      hardwareMaxAgeMs,
      reauthIntervalMs,
      fastLaneMs,
      massChange,
      asksLive: liveQuery.perSecond > 0,
    },
    reachableMs: sweeps ? reachableFor(pollingIntervalMs) : undefined,
    callMs: network.connectTimeoutMs + network.readTimeoutMs,
    check: () => void connect(),
    async open() {
      // A secret that is missing is missing for the one that stands in, too.
      const connection = connect();
      const access = standIn?.() ?? (await openReal(name, connection, clock));
      return {
        source: permitted(access, permits),
        reportCredential: (deps) => credentialExpiryReporter(access.tokens, connect().graphEndpoint, deps),
        close: access.close,
      };
    },
    async examine() {
      const { examineMicrosoft } = await import('./microsoft-checks.ts');
      return examineMicrosoft(name, connect(), permits, clock);
    },
  };
}

async function openReal(
  name: string,
  connection: ReturnType<typeof tenantConnection>,
  clock: SourceParts['clock'],
): Promise<IntuneAccess> {
  const { openIntuneSource } = await import('../adapters/intune/open-intune-source.ts');
  return openIntuneSource(name, connection, clock);
}
