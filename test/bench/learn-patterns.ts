// Rows that the real flows write for a few devices and sessions: the pattern for those of many more.

import type { App } from '../../shared/app.ts';
import type { Pattern } from './table-service-process.ts';

export const PATTERN_NAS = '10.250.250.250';
const FUNCTION_TIMEOUT_MS = 120_000;

/**
 * A first sweep and a login of each device by certificate, all at one NAS.
 * @param deviceIds of compliant devices, some in each shard
 */
export async function learnPatterns(app: App, radiusKey: string, deviceIds: readonly string[]): Promise<Pattern[]> {
  await app.poll(FUNCTION_TIMEOUT_MS);
  const patterns: Pattern[] = [];
  for (const [index, deviceId] of deviceIds.entries()) {
    const mac = `a4bbfe${index.toString(16).padStart(6, '0')}`;
    const question = {
      method: 'eap-tls',
      userName: 'host/device',
      callingStationId: mac.match(/../g)?.join('-').toUpperCase(),
      nasIpAddress: PATTERN_NAS,
      nasPortType: 'Ethernet',
      nasPortId: 'Gi1/0/7',
      certificate: { sanUri: `IntuneDeviceId://${deviceId}` },
    };
    const { decision } = await app.lookup(radiusKey, JSON.stringify(question));
    const decisionId = decision.id;
    if (!/^[0-9a-f]{20}-/.test(decisionId)) throw new Error(`No decision: ${JSON.stringify(decision)}`);
    patterns.push({ deviceId, mac, sessionId: decisionId.slice(0, 20) });
  }
  return patterns;
}
