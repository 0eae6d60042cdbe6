// Sets up Intune as a source.

import { isIntuneDeviceId } from '../adapters/intune/intune-device-id.ts';
import type { IntuneAccess } from '../adapters/intune/open-intune-source.ts';
import { permitted } from '../adapters/intune/permitted.ts';
import { CERTIFICATE_SOURCE } from '../domain/identity/certificate-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { Settings } from '../settings.ts';
import { credentialExpiryReporter } from './report-credential-expiry.ts';
import type { SourceSetup } from './source-setup.ts';

const SWEEP_GRACE_MS = 15 * 60_000;

/** @param standIn in place of the real Intune */
export function intuneSetup(settings: Settings, clock: Clock, standIn?: () => IntuneAccess): SourceSetup {
  const { pollingIntervalMs, changedDevicesIntervalMs, hardwareMaxAgeMs, reauthIntervalMs, fastLaneMs, massChange } =
    settings;
  const { intunePermissions, network, liveQuery, graphEndpoint } = settings;
  const name = CERTIFICATE_SOURCE;
  const sweeps = intunePermissions === 'full';
  return {
    name,
    certificateIds: CERTIFICATE_SOURCE,
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
    reachableMs: sweeps ? 2 * pollingIntervalMs + SWEEP_GRACE_MS : undefined,
    callMs: network.connectTimeoutMs + network.readTimeoutMs,
    async open() {
      const access = standIn?.() ?? (await openReal(name, settings, clock));
      return {
        source: permitted(access, settings),
        reportCredential: (deps) => credentialExpiryReporter(access.tokens, graphEndpoint, deps),
        close: access.close,
      };
    },
    async examine() {
      const { examineMicrosoft } = await import('./microsoft-checks.ts');
      return examineMicrosoft(settings, clock);
    },
  };
}

async function openReal(name: string, settings: Settings, clock: Clock): Promise<IntuneAccess> {
  const { openIntuneSource } = await import('../adapters/intune/open-intune-source.ts');
  return openIntuneSource(name, settings, clock);
}
