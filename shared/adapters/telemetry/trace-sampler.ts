// Which traces are kept: so many changes a minute that a fleet or a policy that turns does not fill the workspace. What
// belongs to a change that is kept is kept as well, here and on the relay; of the others nothing is.

import { type Context, createContextKey, TraceFlags, trace } from '@opentelemetry/api';
import { type Sampler, SamplingDecision, type SamplingResult } from '@opentelemetry/sdk-trace-base';
import type { SpanName } from '../../ports/telemetry.ts';
import { TokenBucket } from '../../token-bucket.ts';

/** Changes, and jobs that no change brought about, whose traces are kept a minute. */
export const TRACES_PER_MINUTE = 60;

/** In a context: the name of the span under way. */
export const SPAN_NAME = createContextKey('name of the span under way');

const FRAMES: ReadonlySet<unknown> = new Set<SpanName>(['nac.poll', 'nac.enforcement']);
const CHANGE: SpanName = 'nac.change';
const KEPT: SamplingResult = { decision: SamplingDecision.RECORD_AND_SAMPLED };
const DROPPED: SamplingResult = { decision: SamplingDecision.NOT_RECORD };

export class TraceSampler implements Sampler {
  readonly #now: () => number;
  readonly #bucket = new TokenBucket({ capacity: TRACES_PER_MINUTE, perSecond: TRACES_PER_MINUTE / 60 });

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  shouldSample(context: Context, _traceId: string, name: string): SamplingResult {
    const parent = trace.getSpanContext(context);
    if (parent !== undefined && (parent.traceFlags & TraceFlags.SAMPLED) === 0) return DROPPED;
    // A frame is one for many changes, and costs little.
    if (FRAMES.has(name)) return KEPT;
    // A change that a crash left behind goes on with the trace of its poll, and counts all the same.
    const isFirst = parent === undefined || name === CHANGE || FRAMES.has(context.getValue(SPAN_NAME));
    return !isFirst || this.#bucket.tryTake(1, this.#now()) ? KEPT : DROPPED;
  }

  toString(): string {
    return `TraceSampler{${TRACES_PER_MINUTE} a minute}`;
  }
}
