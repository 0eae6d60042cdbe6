// Starts a relay from its relay.yaml, against Service Bus and the network.

import { hostname } from 'node:os';
import path from 'node:path';
import { systemRandom } from '../shared/adapters/system/system-random.ts';
import type { Logger } from '../shared/ports/telemetry.ts';
import { connectServiceBus, relayCredential } from './connect-service-bus.ts';
import { fixRheaSettlement } from './fix-rhea-settlement.ts';
import { openRelayTelemetry } from './open-relay-telemetry.ts';
import { createCoaSender } from './radius/coa-sender.ts';
import type { RetransmissionTimes } from './radius/retransmission-timeouts.ts';
import { systemSendClock } from './radius/send-clock.ts';
import { readConfigFile } from './read-config-file.ts';
import { readRelayConfig } from './read-relay-config.ts';
import { readRelaySecrets } from './read-relay-secrets.ts';
import { type RelayTiming, type RunningRelay, startRelayAgent } from './relay-agent.ts';
import { certificateEnd } from './relay-certificate.ts';
import { relayWarnings, warningLine } from './relay-warnings.ts';
import { serviceBusJobsQueue } from './service-bus-jobs-queue.ts';
import { serviceBusResultsQueue } from './service-bus-results-queue.ts';

export type { RunningRelay } from './relay-agent.ts';

export interface StartRelayOptions {
  /** Path of relay.yaml. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly timing?: Partial<RelayTiming>;
  /** How requests to NASes are repeated; by default as RFC 5080 says. */
  readonly retransmission?: RetransmissionTimes;
}

/**
 * Returns once the relay runs, whether Service Bus is there or not: it connects, and reconnects, by itself.
 * @throws RelayError if relay.yaml or a secret cannot be used, or the health endpoint cannot listen
 */
export async function startRelay({ file, env, log, timing, retransmission }: StartRelayOptions): Promise<RunningRelay> {
  fixRheaSettlement();
  const config = readRelayConfig(readConfigFile(file), { file, hostName: hostname() });
  const folder = path.dirname(file);
  const secrets = readRelaySecrets(config, { env, folder });
  for (const warning of relayWarnings(config, secrets, { folder })) {
    const action = 'See `relay check`; the relay works all the same.';
    log.warn('relay.warning', { code: 'NAC_RELAY_HARDENING', message: warningLine(file, warning), action });
  }
  const { connection, jobsQueue, resultsQueue } = config.serviceBus;
  const ends = connection.kind === 'entra' ? certificateEnd(secrets.serviceBus) : undefined;
  const credential = relayCredential(connection, secrets.serviceBus);
  const connect = connectServiceBus(connection, secrets.serviceBus, credential);
  const collected = await openRelayTelemetry({ config, env, credential, log });
  return startRelayAgent({
    config,
    nasSecrets: secrets.nas,
    ...(ends === undefined ? {} : { certificateEnd: ends }),
    ...(collected === undefined ? {} : { collected }),
    logKey: secrets.logKey ?? systemRandom.hex(32),
    jobs: serviceBusJobsQueue({ connect, queue: jobsQueue, sessionId: config.site, prefetch: config.limits.prefetch }),
    results: serviceBusResultsQueue(connect, resultsQueue),
    sender: createCoaSender(retransmission === undefined ? {} : { times: retransmission }),
    clock: systemSendClock,
    log,
    random: Math.random,
    ...(timing === undefined ? {} : { timing }),
  });
}
