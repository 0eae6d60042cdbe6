// What is counted and measured, with unit and labels. docs/telemetry.md shows these tables; a test holds the two
// together. Names and units follow OpenTelemetry's semantic conventions:
// https://opentelemetry.io/docs/specs/semconv/general/metrics/

import { AGE_BUCKETS } from '../domain/age-bucket.ts';
import { JOB_STAGES } from '../domain/coa/enforcement-job.ts';
import { JOB_CAUSES } from '../domain/coa/job-cause.ts';
import { NAS_PROFILE_NAMES } from '../domain/nas-profile-name.ts';
import { ERROR_CODES } from '../errors.ts';

export interface LabelDescription {
  readonly meaning: string;
  /** All it may say. Absent: names out of the configuration, so many at most as `MOST_NAMES` of the adapter says. */
  readonly values?: readonly string[];
}

/** The value of a label for all values that are not listed. */
export const OTHER = 'other';

/** No label says who or what a station, a device or a person is. */
export const LABELS = {
  'nac.decision': { meaning: 'What the network is asked to do', values: ['permit', 'deny'] },
  'nac.rule': { meaning: 'Rule of the policy that decided' },
  'nac.role': { meaning: 'Role of a permit; `none` for a deny' },
  'nac.site': { meaning: 'Site of the client that asked, or of the job' },
  'nac.source': { meaning: 'Source whose record the answer rests on; `none` where there is none' },
  'nac.age': { meaning: 'Longest age of this step', values: AGE_BUCKETS },
  'nac.objective': { meaning: 'Whether the age is within FRESHNESS_OBJECTIVE', values: ['met', 'missed'] },
  'nac.job.stage': { meaning: 'Stage that the job has reached', values: JOB_STAGES },
  'nac.job.cause': { meaning: 'Error-Cause of a NAK (RFC 5176), or why there was no answer', values: JOB_CAUSES },
  'nac.nas.profile': { meaning: 'NAS profile in relay.yaml', values: [...NAS_PROFILE_NAMES, 'unknown'] },
  'nac.sweep.result': { meaning: 'How the sweep ended', values: ['complete', 'partial', 'failed'] },
  'nac.live_query.outcome': {
    meaning: 'What came of the question',
    values: ['answered', 'unknown-device', 'late', 'failed', 'paused', 'over-share'],
  },
  'nac.accounting.status': {
    meaning: 'Acct-Status-Type',
    values: ['Start', 'Interim-Update', 'Stop', 'Accounting-On', 'Accounting-Off'],
  },
  'nac.quiet_failure': {
    meaning: 'What went wrong without an error for anyone',
    values: [
      'lookup.unknown-stations-limited',
      'lookup.new-sessions-limited',
      'lookup.session-not-written',
      'lookup.device-not-read-again',
      'accounting.not-taken',
      'accounting.restart-not-believed',
      'accounting.not-of-its-nas',
    ],
  },
  'nac.credential.kind': { meaning: 'How the app signs in', values: ['certificates', 'secret', 'managed-identity'] },
  'error.type': { meaning: 'Code of the error (docs/errors.md)', values: ERROR_CODES },
} as const satisfies Record<string, LabelDescription>;

export type LabelName = keyof typeof LABELS;

export interface InstrumentDescription {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /** UCUM. */
  readonly unit: string;
  readonly meaning: string;
  readonly labels: readonly LabelName[];
  /** Of a histogram: upper bounds in its unit. */
  readonly bounds?: readonly number[];
}

const LOOKUP_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5];
const PROOF_BOUNDS = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400];
const SWEEP_BOUNDS = [1, 5, 15, 60, 300, 900, 3600, 14_400];

export const INSTRUMENTS = {
  'nac.lookups': {
    kind: 'counter',
    unit: '{lookup}',
    meaning: 'Lookups that were answered with a decision',
    labels: ['nac.decision', 'nac.rule', 'nac.role', 'nac.site', 'nac.source'],
  },
  'nac.lookup.failures': {
    kind: 'counter',
    unit: '{lookup}',
    meaning: 'Lookups that were refused, or that failed',
    labels: ['error.type'],
  },
  'nac.lookup.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time from a question to its decision, without the host',
    labels: ['nac.site'],
    bounds: LOOKUP_BOUNDS,
  },
  'nac.answer.ages': {
    kind: 'counter',
    unit: '{answer}',
    meaning: 'Answers that rest on a record of a source, by how long ago the source said so',
    labels: ['nac.source', 'nac.age', 'nac.objective'],
  },
  'nac.accounting.records': {
    kind: 'counter',
    unit: '{record}',
    meaning: 'Accounting records that were taken',
    labels: ['nac.accounting.status', 'nac.site'],
  },
  'nac.quiet_failures': {
    kind: 'counter',
    unit: '{event}',
    meaning: 'What the log lines `metric` count',
    labels: ['nac.quiet_failure'],
  },
  'nac.live_queries': {
    kind: 'counter',
    unit: '{query}',
    meaning: 'Questions to the source while a RADIUS server waited',
    labels: ['nac.live_query.outcome'],
  },
  'nac.job.stages': {
    kind: 'counter',
    unit: '{job}',
    meaning: 'CoA jobs that reached a stage',
    labels: ['nac.job.stage', 'nac.job.cause', 'nac.nas.profile', 'nac.site'],
  },
  'nac.job.proof.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time from the observation that made the difference to the proof',
    labels: ['nac.site'],
    bounds: PROOF_BOUNDS,
  },
  'nac.sweep.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time from the start of a sweep to its end, slices and pauses together',
    labels: ['nac.source', 'nac.sweep.result'],
    bounds: SWEEP_BOUNDS,
  },
  'nac.sweep.pages': {
    kind: 'counter',
    unit: '{page}',
    meaning: 'Pages of the source’s list that finished sweeps have read',
    labels: ['nac.source'],
  },
  'nac.held.devices': {
    kind: 'gauge',
    unit: '{device}',
    meaning: 'Devices whose change the breaker held at the end of the last sweep',
    labels: ['nac.source'],
  },
  'nac.source.throttled': {
    kind: 'counter',
    unit: '{answer}',
    meaning: 'Times that a source asked the poll to slow down',
    labels: ['nac.source'],
  },
  'nac.credential.days_left': {
    kind: 'gauge',
    unit: 'd',
    meaning: 'Days until the client credential ends',
    labels: ['nac.credential.kind'],
  },
  'nac.relay.jobs': {
    kind: 'counter',
    unit: '{job}',
    meaning: 'Attempts that the relay has finished',
    labels: ['nac.job.cause', 'nac.nas.profile'],
  },
  'nac.relay.coa.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time from the first packet to a NAS to its answer, or to the end of waiting',
    labels: ['nac.nas.profile'],
    bounds: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30],
  },
  'nac.relay.jobs_under_way': { kind: 'gauge', unit: '{job}', meaning: 'Requests to NASes under way', labels: [] },
  'nac.relay.jobs_waiting': { kind: 'gauge', unit: '{job}', meaning: 'Jobs that wait for their NAS', labels: [] },
  'nac.relay.reports_pending': {
    kind: 'gauge',
    unit: '{report}',
    meaning: 'Reports that the results queue has not accepted yet',
    labels: [],
  },
  'nac.relay.working': {
    kind: 'gauge',
    unit: '1',
    meaning: '1 while this relay has the session of its site, 0 while it stands by or does not reach Service Bus',
    labels: [],
  },
} as const satisfies Record<string, InstrumentDescription>;

type Instruments = typeof INSTRUMENTS;
type NamesOf<Kind> = { [Name in keyof Instruments]: Instruments[Name]['kind'] extends Kind ? Name : never };

export type InstrumentName = keyof Instruments;
export type CounterName = NamesOf<'counter'>[InstrumentName];
export type HistogramName = NamesOf<'histogram'>[InstrumentName];
export type GaugeName = NamesOf<'gauge'>[InstrumentName];
/** Each label of the instrument, and no other. */
export type LabelsOf<Name extends InstrumentName> = Readonly<Record<Instruments[Name]['labels'][number], string>>;
