// The relay agent: takes the site's CoA jobs, has them carried out, and reports. Everything it needs can be replaced.

import { createIdentityPrivacy } from '../shared/adapters/system/identity-privacy.ts';
import { toInstant } from '../shared/domain/instant.ts';
import type { Logger } from '../shared/ports/telemetry.ts';
import { clockDelay } from './clock-delay.ts';
import { type HealthServer, type RelayHealth, startHealthServer } from './health-server.ts';
import {
  holdSessionLock,
  type JobsQueue,
  type LockBounds,
  type RelayState,
  SERVICE_BUS_LOCK,
} from './hold-session-lock.ts';
import { createJobWorker } from './job-worker.ts';
import type { RelayTelemetry } from './open-relay-telemetry.ts';
import type { CoaSender } from './radius/coa-sender.ts';
import type { SendClock } from './radius/send-clock.ts';
import { type CertificateWatch, watchCertificate } from './relay-certificate.ts';
import type { RelayConfig } from './relay-config.ts';
import { createReportOutbox, type ResultsQueue } from './report-outbox.ts';
import type { RetryDelays } from './retry-delays.ts';

export interface RelayAgentParts {
  readonly config: RelayConfig;
  /** Secrets by name of the NAS. */
  readonly nasSecrets: ReadonlyMap<string, string>;
  /** When the relay's own certificate ends; absent where it has none. */
  readonly certificateEnd?: Date;
  /** For the keyed privacy modes of the log. */
  readonly logKey: string;
  readonly jobs: JobsQueue & { close(): Promise<void> };
  readonly results: ResultsQueue & { cut(): void; close(): Promise<void> };
  readonly sender: Pick<CoaSender, 'send' | 'close'>;
  readonly clock: SendClock;
  readonly log: Logger;
  readonly random: () => number;
  readonly timing?: Partial<RelayTiming>;
  /** Absent where neither a collector nor Azure Monitor is configured, and health is not scraped. */
  readonly collected?: RelayTelemetry;
}

export interface RelayTiming {
  /** How often a standby asks for the session. */
  readonly standbyRetryMs: number;
  /** How often the one that works looks whether its link is there and its lock holds. */
  readonly watchMs: number;
  /** Between attempts to reach Service Bus. */
  readonly reconnect: RetryDelays;
  /** How long sends under way may take when the relay stops, and then the reports again. */
  readonly graceMs: number;
  readonly lock: LockBounds;
}

export interface RunningRelay {
  readonly health: RelayHealth;
  /** Absent without health endpoint. */
  readonly healthPort?: number;
  /** Finishes what is under way within bounds, gives the session back and closes everything. */
  stop(): Promise<void>;
}

const DEFAULT_TIMING: RelayTiming = {
  standbyRetryMs: 2000,
  watchMs: 250,
  reconnect: { firstMs: 250, longestMs: 3000 },
  graceMs: 10_000,
  lock: SERVICE_BUS_LOCK,
};

/** @throws RelayError if the health endpoint cannot listen */
export async function startRelayAgent(parts: RelayAgentParts): Promise<RunningRelay> {
  const { config, nasSecrets, logKey, jobs, results, sender, clock, random, collected } = parts;
  const telemetry = collected?.telemetry;
  const log = withFields(parts.log, { site: config.site, relay: config.relay });
  const { standbyRetryMs, watchMs, reconnect, graceMs, lock } = { ...DEFAULT_TIMING, ...parts.timing };
  const stop = new AbortController();
  const reports = createReportOutbox({ queue: results, clock, log, random, delays: reconnect });
  const privacy = createIdentityPrivacy(config.log.privacy, logKey);
  const worker = createJobWorker({ config, secrets: nasSecrets, sender, reports, clock, log, privacy, telemetry });
  let certificate: CertificateWatch | undefined;
  let state: RelayState = 'connecting';
  let since = toInstant(clock.now());

  const health = (): RelayHealth => {
    const { jobId, attempt, stage, outcome, at } = reports.last ?? {};
    const lastReport =
      jobId !== undefined && attempt !== undefined && stage !== undefined && at !== undefined
        ? { lastReport: { jobId, attempt, stage, at, ...(outcome === undefined ? {} : { outcome }) } }
        : {};
    return {
      site: config.site,
      relay: config.relay,
      state,
      since,
      jobsUnderWay: worker.underWay,
      jobsWaiting: worker.waiting,
      reportsPending: reports.pending,
      brake: worker.brake,
      ...(certificate && { certificate: certificate.health }),
      ...lastReport,
    };
  };

  let healthServer: HealthServer | undefined;
  try {
    healthServer = config.healthz && (await startHealthServer(config.healthz, health, collected?.scraped));
  } catch (error) {
    await Promise.all([sender.close(), jobs.close(), results.close(), telemetry?.close()]);
    throw error;
  }
  log.info('relay.started', { nas: config.nas.length, ...(healthServer && { healthPort: healthServer.port }) });
  telemetry?.observe('nac.relay.jobs_under_way', () => worker.underWay);
  telemetry?.observe('nac.relay.jobs_waiting', () => worker.waiting);
  telemetry?.observe('nac.relay.reports_pending', () => reports.pending);
  telemetry?.observe('nac.relay.working', () => (state === 'active' ? 1 : 0));
  certificate = parts.certificateEnd && watchCertificate(parts.certificateEnd, { clock, log });

  const kept = holdSessionLock({
    queue: jobs,
    handle: worker.handle,
    finish: () => worker.stop(graceMs),
    onState(next) {
      if (next === state) return;
      // What is found out on one connection holds for the other.
      if (next === 'connecting') results.cut();
      else reports.retryNow();
      since = toInstant(clock.now());
      state = next;
    },
    clock,
    log,
    random,
    delays: reconnect,
    standbyRetryMs,
    watchMs,
    lock,
    stop: stop.signal,
  });

  async function end(): Promise<void> {
    log.info('relay.stopping', { jobsUnderWay: worker.underWay, jobsWaiting: worker.waiting });
    stop.abort(new Error('The relay is stopping'));
    certificate?.stop();
    await kept;
    await worker.stop(0);
    // Reports of sends that were finished without the session.
    for (let left = graceMs; reports.pending > 0 && left > 0; left -= 50) await clockDelay(clock, 50);
    reports.close();
    await Promise.all([sender.close(), jobs.close(), results.close(), healthServer?.close(), telemetry?.close()]);
    log.info('relay.stopped', { reportsLost: reports.pending });
  }

  let ending: Promise<void> | undefined;
  return {
    get health() {
      return health();
    },
    ...(healthServer && { healthPort: healthServer.port }),
    stop() {
      ending ??= end();
      return ending;
    },
  };
}

function withFields(log: Logger, common: Record<string, unknown>): Logger {
  return {
    info: (event, fields) => log.info(event, { ...common, ...fields }),
    warn: (event, fields) => log.warn(event, { ...common, ...fields }),
    error: (event, fields) => log.error(event, { ...common, ...fields }),
  };
}
