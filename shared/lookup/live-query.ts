// Asks a source itself about a device while a RADIUS server waits: only about devices that are not stored, within a
// deadline and this instance's share, never in a queue. After any failure the lookup goes on without an answer.

import { ConnectorError } from '../errors.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { RetrievedCompliance } from '../ports/compliance-retrieval.ts';
import type { LiveVerdicts } from '../ports/mdm-source.ts';
import type { Metrics, Telemetry } from '../ports/telemetry.ts';
import type { UnknownDevices } from '../ports/unknown-devices.ts';
import { TokenBucket } from '../token-bucket.ts';
import { ClientQuota } from './client-quota.ts';

/** So many questions in a row without answer mean that the source is away; then no lookup waits for it for a while. */
const FAILURES_UNTIL_PAUSE = 5;
const PAUSE_MS = 10_000;
/** Of this instance's share one client may use so much: ids that one site makes up leave the others their questions. */
const SHARE_OF_CLIENT = 3 / 4;
/** Counts are logged this often at most: an outage must not fill the log as well. */
const REPORT_EVERY_MS = 10_000;

export interface LiveQueryDeps {
  readonly verdicts: LiveVerdicts;
  /** The form of the source's ids. */
  isDeviceId(text: string): boolean;
  readonly unknown: UnknownDevices;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly telemetry?: Telemetry | undefined;
}

export interface LiveQueryLimits {
  /** Longest time a lookup waits for the answer. */
  readonly deadlineMs: number;
  /** Questions a second that this instance may ask: the total divided by the largest number of instances. */
  readonly perSecond: number;
}

export class LiveQuery {
  readonly #deps: LiveQueryDeps;
  readonly #limits: LiveQueryLimits;
  readonly #share: TokenBucket;
  readonly #ofClients: ClientQuota;
  /** Questions under way, by device id. */
  readonly #asking = new Map<string, Promise<RetrievedCompliance | undefined>>();
  readonly #unreported = new Map<string, number>();
  #failures = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: LiveQueryDeps, limits: LiveQueryLimits) {
    this.#deps = deps;
    this.#limits = limits;
    this.#share = new TokenBucket({ capacity: Math.max(1, limits.perSecond), perSecond: limits.perSecond });
    // No larger burst than the whole share has: else one client could empty the share.
    this.#ofClients = new ClientQuota(limits.perSecond * SHARE_OF_CLIENT, 1);
  }

  /** The same questions, within the share of one client. */
  of(client: string): Pick<LiveQuery, 'read' | 'isDeviceId'> {
    return { read: (id, options) => this.read(id, options, client), isDeviceId: (text) => this.isDeviceId(text) };
  }

  /** No other text is worth a question. */
  isDeviceId(text: string): boolean {
    return this.#deps.isDeviceId(text);
  }

  /**
   * @param id the source's device id, from a certificate
   * @param client whose share it takes from
   * @returns what the source says of it; `undefined` when it was not asked, or gave no answer in time
   */
  async read(id: string, options: CallOptions, client?: string): Promise<RetrievedCompliance | undefined> {
    const now = this.#deps.clock.now().getTime();
    if (this.#deps.unknown.has(id, now)) return undefined;
    const underWay = this.#asking.get(id);
    if (underWay) return underWay;
    if (now < this.#pausedUntil) return this.#without('paused', now);
    if (client !== undefined && !this.#ofClients.tryTake(client, now)) return this.#without('over-share', now);
    if (!this.#share.tryTake(1, now)) return this.#without('over-share', now);
    const asking = this.#ask(id, options).finally(() => this.#asking.delete(id));
    this.#asking.set(id, asking);
    return asking;
  }

  async #ask(id: string, { signal }: CallOptions): Promise<RetrievedCompliance | undefined> {
    const { verdicts, unknown, clock, telemetry } = this.#deps;
    const deadline = clock.deadline(this.#limits.deadlineMs);
    const answerBy = signal ? AbortSignal.any([signal, deadline]) : deadline;
    try {
      const reading = await unlessAborted(verdicts.readByDeviceId(id, { signal: answerBy }), answerBy);
      this.#failures = 0;
      const isKnown = reading.device !== undefined;
      if (!isKnown) unknown.add(id, clock.now().getTime());
      telemetry?.count('nac.live_queries', { 'nac.live_query.outcome': isKnown ? 'answered' : 'unknown-device' });
      return reading;
    } catch (thrown) {
      // A mistake of ours must not count as an outage of the source.
      if (!answerBy.aborted && !(thrown instanceof ConnectorError)) throw thrown;
      const now = clock.now().getTime();
      // An answer about one device that cannot be used says nothing of the service.
      if (!(thrown instanceof ConnectorError && thrown.code === 'NAC_SOURCE_RECORD')) this.#failures += 1;
      if (this.#failures >= FAILURES_UNTIL_PAUSE) this.#pausedUntil = now + PAUSE_MS;
      return this.#without(answerBy.aborted ? 'late' : 'failed', now);
    }
  }

  #without(reason: 'paused' | 'over-share' | 'late' | 'failed', now: number): undefined {
    this.#deps.telemetry?.count('nac.live_queries', { 'nac.live_query.outcome': reason });
    const name = `lookup.live-query-${reason}`;
    this.#unreported.set(name, (this.#unreported.get(name) ?? 0) + 1);
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    for (const [counted, by] of this.#unreported) this.#deps.metrics.count(counted, by);
    this.#unreported.clear();
  }
}

/** Settles when the signal aborts, even if the work goes on: it may hang in a step that knows no signal. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(signal.reason);
    if (signal.aborted) late();
    signal.addEventListener('abort', late, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', late));
  });
}
