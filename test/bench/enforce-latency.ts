// From a poll that sees 100 changed devices, each connected at another NAS, to the packets leaving the relay.

import { formatMacAddress, parseMacAddress } from '../../shared/domain/mac-address.ts';
import { startConnector } from '../support/connector-fixture.ts';
import type { EnforcementSite } from './enforcement-site.ts';
import { nasAddress } from './nas-addresses.ts';
import { withinTime } from './within-time.ts';

const DEVICES = 100;
const MINUTE_MS = 60_000;
const LONGEST_WAIT_MS = 10_000;

export async function measureLatency(site: EnforcementSite, print: (line: string) => void): Promise<void> {
  const env = {
    ServiceBusConnection: site.connectionString,
    POLLING_INTERVAL: '5m',
    JOBS_IN_FLIGHT_PER_SITE: '1000',
    // So many at once would be held as a mass change.
    MASS_CHANGE_DEVICES: String(2 * DEVICES),
  };
  await using nac = await startConnector({ tenant: { fleetSize: 2 * DEVICES }, env });
  const relay = site.start('relay');
  try {
    await nac.app.poll(MINUTE_MS);
    const devices = await connected();

    const sentAt: number[] = [];
    const all = Promise.withResolvers<void>();
    site.onReport = ({ stage, at }) => {
      if (stage === 'sent' && sentAt.push(Date.parse(at)) === DEVICES) all.resolve();
    };
    nac.clock.advance(5 * MINUTE_MS);
    for (const name of devices) nac.tenant.fleet.patch(name, { complianceState: 'noncompliant' });
    const startedAt = Date.now();
    await nac.app.poll(MINUTE_MS);
    const pollMs = Date.now() - startedAt;
    // What has not left by then is counted as missing.
    await withinTime(LONGEST_WAIT_MS, 'sending', Promise.race([all.promise, relay.failed])).catch(() => undefined);

    const latencies = sentAt.map((at) => at - startedAt).toSorted((one, other) => one - other);
    const percentile = (share: number) => latencies[Math.ceil(share * latencies.length) - 1];
    print(`latency: from the start of a poll that sees ${DEVICES} changed devices to the packets leaving`);
    print(
      `  p50 ${percentile(0.5)} ms   p95 ${percentile(0.95)} ms   (the poll itself took ${pollMs} ms; ${sentAt.length} of ${DEVICES} left)`,
    );
  } finally {
    await relay.stop();
  }

  /** Compliant devices, each of which has asked and been let in. */
  async function connected(): Promise<string[]> {
    const names: string[] = [];
    for (let index = 1; names.length < DEVICES && index <= 2 * DEVICES; index++) {
      const { deviceName, complianceState, wiFiMacAddress } = nac.tenant.fleet.get(
        `NAC-${String(index).padStart(5, '0')}`,
      );
      const mac = parseMacAddress(String(wiFiMacAddress));
      if (complianceState !== 'compliant' || mac === undefined) continue;
      const station = formatMacAddress(mac);
      const nas = { nasIpAddress: nasAddress(names.length) };
      const request = { method: 'mab', userName: station, callingStationId: station, ...nas };
      const answer = await nac.app.lookup(nac.apiKey, JSON.stringify(request));
      if (JSON.stringify(answer).includes('"role":"compliant"') === false) continue;
      names.push(String(deviceName));
    }
    if (names.length < DEVICES) throw new Error(`The tenant has only ${names.length} compliant devices`);
    return names;
  }
}
