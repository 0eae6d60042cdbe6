// Works on CoA jobs as they come from the site's queue: each ends in one report, and then its message is completed.

import { jobAttributes } from '../shared/domain/coa/job-attributes.ts';
import { jobCause } from '../shared/domain/coa/job-cause.ts';
import type { CoaJob, CoaReport } from '../shared/domain/coa-job.ts';
import { toInstant } from '../shared/domain/instant.ts';
import { type NasProfileName, nasProfileName } from '../shared/domain/nas-profile-name.ts';
import { readTraceparent } from '../shared/domain/traceparent.ts';
import { type Logger, type Privacy, type Telemetry, traced } from '../shared/ports/telemetry.ts';
import { clockDelay } from './clock-delay.ts';
import { type BrakeHealth, createCoaBrake } from './coa-brake.ts';
import { nasFinder } from './find-nas.ts';
import { jobTimeFault } from './job-times.ts';
import type { CoaSender } from './radius/coa-sender.ts';
import { reportSendResult } from './radius/report-send-result.ts';
import type { SendClock } from './radius/send-clock.ts';
import { readCoaJob } from './read-coa-job.ts';
import type { RelayConfig } from './relay-config.ts';
import { toRelayError } from './relay-error.ts';
import type { ReportOutbox } from './report-outbox.ts';
import { createSendLanes } from './send-lanes.ts';

/** A message received from the site's queue and not settled yet. */
export interface JobDelivery {
  readonly messageId: string;
  readonly body: unknown;
  /** W3C traceparent of who sent it, unread; absent from versions before. */
  readonly trace?: unknown;
  complete(): Promise<void>;
  abandon(): Promise<void>;
  deadLetter(reason: string, description: string): Promise<void>;
}

export interface JobWorker {
  /** Never rejects. Once `lost` aborts, nothing more is sent for the delivery, and it is not settled. */
  handle(delivery: JobDelivery, lost: AbortSignal): Promise<void>;
  /** Starts nothing new, lets sends under way end within that time, and cuts off the rest. */
  stop(graceMs: number): Promise<void>;
  readonly underWay: number;
  readonly waiting: number;
  readonly brake: BrakeHealth;
}

export interface JobWorkerOptions {
  readonly config: Pick<RelayConfig, 'site' | 'relay' | 'nas' | 'limits'>;
  /** Secrets by name of the NAS. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly sender: Pick<CoaSender, 'send'>;
  readonly reports: ReportOutbox;
  readonly clock: SendClock;
  readonly log: Logger;
  readonly privacy: Privacy;
  readonly telemetry?: Telemetry | undefined;
}

type Ending = Pick<
  CoaReport,
  'outcome' | 'errorCause' | 'neverAcknowledged' | 'transmissions' | 'discarded' | 'hint'
> & { readonly profile?: NasProfileName | undefined; readonly trace?: string | undefined };

const LONGEST_DESCRIPTION = 1000;

export function createJobWorker(options: JobWorkerOptions): JobWorker {
  const { config, secrets, sender, reports, clock, log, privacy, telemetry } = options;
  const brake = createCoaBrake({ limits: config.limits, clock, log });
  const lanes = createSendLanes(config.limits, brake);
  const findNas = nasFinder(config.nas);
  // Octets once per NAS: what is made of a secret for its digests is kept with it.
  const secretOctets = new Map([...secrets].map(([nas, secret]) => [nas, Buffer.from(secret, 'utf8')]));
  /** The signal aborts when the worker stops waiting: settling a message of a lost session may take long to fail. */
  const inFlight = new Map<Promise<void>, AbortSignal>();
  const cutOff = new AbortController();
  /** NASes that have acknowledged a request since the relay started: what these say of a session is to be believed. */
  const acknowledging = new Set<string>();
  const unsigned = new Set<string>();
  /** One for each session, not for each job: a signal that lasts keeps every signal that was joined to it. */
  const signals = new WeakMap<AbortSignal, AbortSignal>();

  async function work(delivery: JobDelivery, signal: AbortSignal): Promise<void> {
    const reading = readCoaJob(delivery.body, config.site);
    if (!reading.ok) {
      const description = reading.problems.join(' ').slice(0, LONGEST_DESCRIPTION);
      log.warn('relay.job-invalid', {
        code: 'NAC_RELAY_JOB',
        messageId: delivery.messageId.slice(0, 128),
        description,
      });
      return delivery.deadLetter('NAC_RELAY_JOB', description);
    }
    const { job } = reading;
    const timeFault = jobTimeFault(job, clock.now());
    if (timeFault !== undefined) {
      const { id: jobId, attempt } = job;
      log.error('relay.job-refused', { code: 'NAC_RELAY_JOB_TIME', jobId, attempt, description: timeFault });
      return delivery.deadLetter('NAC_RELAY_JOB_TIME', timeFault);
    }
    const parent = readTraceparent(delivery.trace);
    const attributes = jobAttributes(job);
    await traced(telemetry, 'nac.relay.job', { parent, kind: 'consumer', attributes }, () => {
      return reports.ending(job) ?? finish(job, signal, telemetry?.traceparent() ?? parent);
    });
    // Without the lock the message is not ours to settle any more.
    if (!signal.aborted) await delivery.complete();
  }

  /**
   * Does what the job asks for, unless this process has done so already.
   * @returns resolves when the results queue knows how it ended
   */
  async function finish(job: CoaJob, signal: AbortSignal, trace: string | undefined): Promise<void> {
    const found = findNas(job.nas);
    if (found === undefined) return conclude(job, { ...unknownNas(job), trace });
    const { entry, address } = found;
    const nas = { nas: entry.name, address };
    const labels = { profile: nasProfileName(entry.profile.name), trace };
    if (hasExpired(job)) return conclude(job, { ...EXPIRED, ...labels }, nas);
    const answer = entry.profile.request(job, entry);
    if (!answer.possible) return conclude(job, { outcome: 'not-possible', hint: answer.reason, ...labels }, nas);

    const lane = await lanes.acquire({ nas: `${address} ${entry.port}`, session: sessionName(job) }, signal);
    let answered: boolean | undefined;
    try {
      // The same job may have come twice, and the first of them may have ended while this one waited.
      const ended = reports.ending(job);
      if (ended) return ended;
      if (hasExpired(job)) return conclude(job, { ...EXPIRED, ...labels }, nas);
      // By what the NAS goes by: an address that it is not sent would count many stations as one.
      if (!brake.admits(`${address} ${JSON.stringify(answer.request.attributes)}`)) {
        return conclude(job, { ...TURNED_BACK, ...labels }, nas);
      }
      void reports.put(reportOf(job, 'taken', labels));
      const target = { ...entry, address, secret: secretOctets.get(entry.name) ?? '' };
      const attributes = { 'network.transport': 'udp', ...(labels.profile && { 'nac.nas.profile': labels.profile }) };
      const result = await traced(telemetry, 'nac.relay.coa', { kind: 'client', attributes }, () =>
        sender.send(target, answer.request, {
          signal,
          onTransmission: (count) => {
            if (count === 1) void reports.put(reportOf(job, 'sent', labels));
          },
          onUnsignedAnswer: () => warnUnsigned(entry.name),
        }),
      );
      telemetry?.record('nac.relay.coa.duration', result.elapsedMs / 1000, {
        'nac.nas.profile': labels.profile ?? 'unknown',
      });
      answered = result.kind !== 'no-answer';
      const nasKey = `${entry.name} ${address}`;
      if (result.kind === 'ack') acknowledging.add(nasKey);
      const never = result.kind === 'nak' && !acknowledging.has(nasKey) ? { neverAcknowledged: true as const } : {};
      return conclude(
        job,
        { ...reportSendResult(result, target), ...never, ...labels },
        { ...nas, durationMs: Math.round(result.elapsedMs) },
      );
    } catch (error) {
      // What the codec refuses to encode, it refuses the next time too.
      if (!(error instanceof RangeError)) throw error;
      return conclude(
        job,
        { outcome: 'not-possible', hint: `The request cannot be sent: ${error.message}.`, ...labels },
        nas,
      );
    } finally {
      // Only now: the next job in this lane may be the same one, and must find how it ended.
      lane.release(answered);
    }
  }

  /** Once for each NAS: it will not sign the next answer either. */
  function warnUnsigned(nas: string): void {
    if (unsigned.has(nas)) return;
    unsigned.add(nas);
    log.warn('relay.unsigned-answer', {
      code: 'NAC_RELAY_HARDENING',
      nas,
      message: `${nas} answers without Message-Authenticator`,
      action:
        'Update the NAS or switch Message-Authenticator on there; until then its secret alone vouches for answers.',
    });
  }

  function conclude(job: CoaJob, ending: Ending, fields: Record<string, unknown> = {}): Promise<void> {
    const { trace, ...said } = ending;
    telemetry?.count('nac.relay.jobs', {
      'nac.job.cause': jobCause(ending.outcome, ending.errorCause?.code),
      'nac.nas.profile': ending.profile ?? 'unknown',
    });
    log.info('relay.job', {
      jobId: job.id,
      attempt: job.attempt,
      action: job.action,
      station: privacy.mac(job.session.callingStationId),
      user: privacy.userName(job.session.userName),
      ...fields,
      ...said,
    });
    return reports.put(reportOf(job, 'finished', ending));
  }

  function hasExpired({ expiresAt }: CoaJob): boolean {
    return clock.now().getTime() >= Date.parse(expiresAt);
  }

  function reportOf({ id: jobId, attempt, site }: CoaJob, stage: CoaReport['stage'], ending: Ending): CoaReport {
    const { profile, trace, ...rest } = ending;
    const labels = { ...(profile && { profile }), ...(trace && { trace }) };
    return { jobId, attempt, site, relay: config.relay, stage, at: toInstant(clock.now()), ...rest, ...labels };
  }

  function endsWith(lost: AbortSignal): AbortSignal {
    const known = signals.get(lost);
    if (known) return known;
    const signal = AbortSignal.any([lost, cutOff.signal]);
    signals.set(lost, signal);
    return signal;
  }

  async function handle(delivery: JobDelivery, lost: AbortSignal): Promise<void> {
    const signal = endsWith(lost);
    try {
      await work(delivery, signal);
    } catch (error) {
      if (signal.aborted || error instanceof WorkerStopped) return;
      const { code, message, action } = toRelayError(error);
      log.error('relay.job-failed', { code, message, action, messageId: delivery.messageId.slice(0, 128) });
      // Counts as an attempt: what fails again and again ends among the dead letters.
      await delivery.abandon().catch(() => undefined);
    }
  }

  return {
    handle(delivery, lost) {
      const done = handle(delivery, lost).finally(() => inFlight.delete(done));
      inFlight.set(done, lost);
      return done;
    },
    async stop(graceMs) {
      lanes.stop(new WorkerStopped());
      const over = new AbortController();
      const awaited = [...inFlight].filter(([, lost]) => !lost.aborted).map(([done]) => done);
      const all = Promise.all(awaited).then(() => over.abort());
      await clockDelay(clock, graceMs, over.signal);
      cutOff.abort(new WorkerStopped());
      // Only settling can hold them up now, and the session is given back in any case.
      await Promise.race([all, clockDelay(clock, 1000, over.signal)]);
    },
    get underWay() {
      return lanes.underWay;
    },
    get waiting() {
      return lanes.waiting;
    },
    get brake() {
      return brake.health;
    },
  };
}

class WorkerStopped extends Error {
  override readonly name = 'WorkerStopped';

  constructor() {
    super('The relay is stopping');
  }
}

const EXPIRED: Ending = {
  outcome: 'expired',
  hint: 'The job came too late, or waited too long for its NAS: look whether the relay was away, the clock of the relay is right, or the NAS does not answer.',
};

/** `no-answer`, so that the cloud tries it again, and says why. */
const TURNED_BACK: Ending = {
  outcome: 'no-answer',
  hint: 'Not sent: the relay has disturbed as many stations within ten minutes as limits.inTenMinutes of its relay.yaml allows. It is tried again; if so many are right, raise the limit and restart the relay.',
};

function unknownNas({ nas }: CoaJob): Ending {
  const named = Object.entries(nas).map(([key, value]) => `${key} ${value}`);
  const facts = named.length === 0 ? 'The job names no NAS at all.' : `Add a NAS with one of: ${named.join(', ')}.`;
  return { outcome: 'unknown-nas', hint: `No NAS of relay.yaml matches. ${facts}` };
}

/** Distinguishes the stations at one NAS; where two share a name, less is sent at once. */
function sessionName({ session }: CoaJob): string {
  const { callingStationId, auditSessionId, acctSessionId, userName } = session;
  return callingStationId ?? auditSessionId ?? acctSessionId ?? userName ?? '';
}
