// What the work reports while it goes on: log lines, counts, measures, traces, and how much of a person they may show.

import type { CounterName, GaugeName, HistogramName, LabelsOf } from './instruments.ts';

/** One structured line per call. Station addresses and user names pass through {@link Privacy} first. */
export interface Logger {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** Shows station addresses and user names in logs only as far as the operator allows. */
export interface Privacy {
  mac(mac: string | undefined): string | undefined;
  userName(userName: string | undefined): string | undefined;
}

export interface Metrics {
  count(name: string, by?: number): void;
}

/**
 * Counts, measures and traces, for a collector. Without a collector there are none, so it is optional wherever it is a
 * part of something, and costs nothing then.
 */
export interface Telemetry extends Tracing {
  count<Name extends CounterName>(name: Name, labels: LabelsOf<Name>, by?: number): void;
  /** @param value in the unit of the instrument */
  record<Name extends HistogramName>(name: Name, value: number, labels: LabelsOf<Name>): void;
  set<Name extends GaugeName>(name: Name, value: number, labels: LabelsOf<Name>): void;
  /** @param read called at each collection */
  observe(name: GaugeName, read: () => number): void;
}

/** Parts of a trace, in the order in which a change goes through them. */
export const SPANS = {
  'nac.poll': 'A tick of the poll that saw at least one change',
  'nac.change': 'A change of a device, until its jobs are in the outbox',
  'nac.enforcement': 'A round of enforcement that found something to do',
  'nac.job.decide': 'A job is put into the outbox',
  'nac.job.queue': 'One attempt of a job is sent to the queue of its site',
  'nac.relay.job': 'The relay has the attempt, until the results queue has its report',
  'nac.relay.coa': 'The request to the NAS, until its answer or the end of waiting',
  'nac.job.report': 'The report of the relay is written into the job',
  'nac.job.proof': 'From the attempt to what came of it: answered, proven, ended, or given up',
} as const;
export type SpanName = keyof typeof SPANS;

export interface SpanOptions {
  /** W3C traceparent of what this is a part of; without one it is a part of what is under way here. */
  readonly parent?: string | undefined;
  /** Of the messaging or network conventions, and the job's; nothing of a person or a station. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  readonly kind?: 'internal' | 'producer' | 'consumer' | 'client';
  /** When it began, where that was before now. */
  readonly startedAt?: Date;
  /**
   * Whether it is worth recording: always, unless this says no.
   * @param parts spans below it that are
   * @param value what the work resolved with
   */
  readonly reportIf?: (parts: number, value: unknown) => boolean;
}

export interface Tracing {
  /** What the work rejects with is noted by its code, and thrown on. */
  span<Value>(name: SpanName, options: SpanOptions, work: () => Promise<Value>): Promise<Value>;
  /** W3C traceparent of the innermost span under way. */
  traceparent(): string | undefined;
}

/** The work as a span where there is tracing, and alone where there is none. */
export function traced<Value>(
  tracing: Tracing | undefined,
  name: SpanName,
  options: SpanOptions,
  work: () => Promise<Value>,
): Promise<Value> {
  return tracing === undefined ? work() : tracing.span(name, options, work);
}
