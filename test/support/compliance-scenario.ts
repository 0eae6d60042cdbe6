// A tenant that grants only get_device_compliance and Application.Read.All, asked over HTTPS, and the store in memory.

import type { IntuneTenantOptions } from '../../local/intune-tenant/intune-tenant.ts';
import type { LookupAnswer } from '../../shared/lookup/answer-lookup.ts';
import { type AdjustableClock, adjustableClock } from './adjustable-clock.ts';
import { type ConnectorFixture, type FixtureOptions, startConnector } from './connector-fixture.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** Longer than any test; nothing here is about slices. */
export const SLICE_MS = 10 * MINUTE_MS;

export interface ComplianceTenant extends AsyncDisposable {
  readonly nac: ConnectorFixture;
  readonly clock: AdjustableClock;
}

export async function startCompliance(
  tenant: IntuneTenantOptions = {},
  env: Readonly<Record<string, string>> = {},
  store: FixtureOptions['store'] = 'memory',
): Promise<ComplianceTenant> {
  const clock = adjustableClock();
  const nac = await startConnector({
    store,
    tenant: {
      roles: { graph: ['Application.Read.All'], intune: ['get_device_compliance'] },
      now: () => clock.now(),
      // MSAL keeps tokens by the machine's clock.
      tokenLifetimeSeconds: 30 * 24 * 3600,
      ...tenant,
    },
    // The first question also loads MSAL, on a machine that may be busy.
    env: {
      INTUNE_PERMISSIONS: 'compliance-only',
      LIVE_QUERY_DEADLINE: '600ms',
      LOOKUP_DEADLINE: '10s',
      LIVE_QUERIES_PER_SECOND: '1000',
      MAXIMUM_INSTANCE_COUNT: '1',
      ...env,
    },
    overrides: { clock },
  });
  return { nac, clock, [Symbol.asyncDispose]: () => nac[Symbol.asyncDispose]() };
}

/** Polls when the noncompliant list, which is read every four hours, is due. */
export async function nextList({ nac, clock }: ComplianceTenant): Promise<void> {
  clock.advance(4 * HOUR_MS + MINUTE_MS);
  await nac.app.poll(SLICE_MS);
}

export const idOf = ({ tenant }: ConnectorFixture, name: string): string => tenant.fleet.get(name).id;
export const macOf = ({ tenant }: ConnectorFixture, name: string): string =>
  String(tenant.fleet.get(name).wiFiMacAddress);

export function askByCertificate(nac: ConnectorFixture, id: string, mac = 'A4-BB-6D-00-00-01'): Promise<LookupAnswer> {
  const certificate = { sanUri: [`IntuneDeviceId://${id}`] };
  const request = { method: 'eap-tls', userName: 'host/laptop', eapType: 'TLS', certificate, callingStationId: mac };
  return nac.app.lookup(nac.apiKey, JSON.stringify(request));
}

export function askByMac(nac: ConnectorFixture, mac: string): Promise<LookupAnswer> {
  return nac.app.lookup(nac.apiKey, JSON.stringify({ method: 'mab', userName: mac, callingStationId: mac }));
}
