// A connector that has polled the simulated tenant once, and the questions that RADIUS servers ask of it.

import type { LookupAnswer } from '../../../shared/lookup/answer-lookup.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

export const MINUTE_MS = 60_000;

export async function polledConnector(): Promise<ConnectorFixture> {
  const nac = await startConnector();
  await nac.app.poll(MINUTE_MS);
  nac.storage.requests.length = 0;
  return nac;
}

export function macOf({ tenant }: ConnectorFixture, name: string): string {
  return String(tenant.fleet.get(name).wiFiMacAddress);
}

export function mab(mac: string, more: Record<string, string> = {}): Record<string, unknown> {
  return { method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: '10.1.1.1', ...more };
}

export function eapTls(deviceId: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const sanUri = [`ID:Microsoft Endpoint Manager:GUID:${deviceId}`];
  return { method: 'eap-tls', userName: 'host/laptop', eapType: 'TLS', certificate: { sanUri }, ...more };
}

export function ask(
  nac: ConnectorFixture,
  request: unknown,
  apiKey: string | null = nac.apiKey,
): Promise<LookupAnswer> {
  return nac.app.lookup(apiKey, JSON.stringify(request));
}

export function reads({ storage }: ConnectorFixture): string[] {
  return storage.requests.filter(({ writes }) => writes === 0).map(({ table }) => table);
}

export function writes({ storage }: ConnectorFixture): string[] {
  return storage.requests.filter(({ writes }) => writes > 0).map(({ table }) => table);
}
