// How everything is doing, in one answer: from the rows that the poll keeps anyway, and from what timers have counted.
// It reads a few rows, however many devices, sessions and decisions there are.

import type { JobStage } from '../domain/coa/enforcement-job.ts';
import { addAgeCounts, agePercentile } from '../domain/decision-counts.ts';
import { addMilliseconds, type Instant, millisecondsBetween, toInstant } from '../domain/instant.ts';
import { type ActivationState, versionInForce } from '../domain/version-activation.ts';
import type { Overview } from '../http/schemas/overview.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { CountedSpan, CountStore, Figure, FoldState } from '../ports/count-store.ts';
import { SESSIONS_FIGURE, type SessionsFigure } from './count-sessions.ts';

export const JOBS_FIGURE = 'figure.jobs';
/** Names of relays' figures begin so. */
export const RELAY_FIGURES = 'relay.';
/** Names of credentials' figures begin so; the source follows. */
export const CREDENTIAL_FIGURES = 'credential.';

/** Decisions and ages of the last day. */
const COUNTED_MS = 24 * 3_600_000;
/** A relay that has not reported for longer is not shown. */
const RELAYS_MS = 30 * 24 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

export interface OverviewDeps {
  readonly counts: Pick<CountStore, 'readFold' | 'listSpans' | 'listFigures'>;
  /** Each source: how fresh it is, and which runs are held. */
  readonly sources: (options: CallOptions) => Promise<readonly SourceOverview[]>;
  readonly policy: (options: CallOptions) => Promise<ActivationState>;
  readonly clock: Clock;
}

export interface SourceOverview {
  readonly freshness: Overview['freshness'][number];
  readonly held: readonly Overview['held'][number]['run'][];
}

export interface CredentialFigure {
  readonly kind: string;
  readonly setting?: string;
  readonly expiresAt?: Instant;
  readonly checkedAt: Instant;
}

interface JobsFigure {
  readonly countedAt: Instant;
  readonly complete: boolean;
  readonly since: Instant;
  readonly stages: readonly { readonly site: string; readonly stage: JobStage; readonly jobs: number }[];
  readonly notEnforced: readonly { readonly site: string; readonly jobs: number; readonly oldest: Instant }[];
}

/** What was read, of all sites: one reading answers all who ask within seconds. */
export interface OverviewReading {
  readonly at: Instant;
  readonly sources: readonly SourceOverview[];
  readonly policy: ActivationState;
  readonly fold?: FoldState | undefined;
  readonly hours: readonly CountedSpan[];
  readonly figures: readonly Figure[];
}

export async function readOverview(deps: OverviewDeps, options: CallOptions): Promise<OverviewReading> {
  const at = toInstant(deps.clock.now());
  const range = { from: addMilliseconds(at, -COUNTED_MS), to: addMilliseconds(at, DAY_MS) };
  const [sources, policy, { state }, hours, figures] = await Promise.all([
    deps.sources(options),
    deps.policy(options),
    deps.counts.readFold(options),
    deps.counts.listSpans('hour', range, options),
    deps.counts.listFigures('', options),
  ]);
  return { at, sources, policy, fold: state, hours, figures };
}

/** What one asker may see. */
export interface Sight {
  readonly sees: (site: string) => boolean;
  /** Whether a source counts at one of those sites. */
  readonly counts: (source: string) => boolean;
}

export function showOverview(reading: OverviewReading, { sees, counts }: Sight): Overview {
  const { at, policy, figures } = reading;
  const sources = reading.sources.filter(({ freshness }) => counts(freshness.source));
  const figure = <T>(name: string): T | undefined => figures.find((each) => each.name === name)?.value as T | undefined;
  const named = <T>(prefix: string): readonly [string, T][] =>
    figures.flatMap(({ name, value }) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value as T]] : []));
  const sessions = figure<SessionsFigure>(SESSIONS_FIGURE);
  const jobs = figure<JobsFigure>(JOBS_FIGURE);
  const ofSite = ({ site }: { readonly site: string }): boolean => sees(site);
  return {
    at,
    freshness: sources.map(({ freshness }) => freshness),
    ...countedOf(reading, sees),
    ...(sessions && {
      sessions: {
        countedAt: sessions.countedAt,
        sites: Object.entries(sessions.live)
          .map(([site, live]) => ({ site, live }))
          .filter(ofSite),
      },
    }),
    ...(jobs && {
      jobs: { ...jobs, stages: jobs.stages.filter(ofSite), notEnforced: jobs.notEnforced.filter(ofSite) },
    }),
    relays: named<Overview['relays'][number]>(RELAY_FIGURES)
      .map(([, relay]) => relay)
      .filter((relay) => sees(relay.site) && millisecondsBetween(relay.lastReportAt, at) < RELAYS_MS),
    credentials: named<CredentialFigure>(CREDENTIAL_FIGURES).flatMap(([source, credential]) =>
      counts(source) ? { source, ...credential, ...daysLeft(credential, at) } : [],
    ),
    held: sources.flatMap(({ freshness, held }) => held.map((run) => ({ source: freshness.source, run }))),
    policy: {
      version: versionInForce(policy),
      ...(policy.changedAt !== undefined && { since: policy.changedAt }),
    },
  };
}

function daysLeft({ expiresAt }: CredentialFigure, at: Instant): { readonly daysLeft?: number } {
  return expiresAt === undefined ? {} : { daysLeft: Math.floor(millisecondsBetween(at, expiresAt) / DAY_MS) };
}

/** Hours are counted whole: the range begins with the first of them. */
function countedOf(
  { at, fold, hours }: OverviewReading,
  sees: (site: string) => boolean,
): Pick<Overview, 'decisions' | 'answerAges'> {
  if (fold === undefined) return {};
  const until = fold.until;
  const earliest = addMilliseconds(at, -COUNTED_MS);
  const since = hours.reduce((first, hour) => (hour.at < first ? hour.at : first), until);
  const span = { since: since < earliest ? earliest : since, until };
  const sites = new Map<string, { site: string; permits: number; denies: number }>();
  const ages = new Map<string, Parameters<typeof agePercentile>[0]>();
  for (const { counts } of hours) {
    for (const [site, ofSite] of Object.entries(counts)) {
      if (!sees(site)) continue;
      const sum = sites.get(site) ?? { site, permits: 0, denies: 0 };
      for (const { permits, denies } of ofSite.rules) {
        sum.permits += permits;
        sum.denies += denies;
      }
      sites.set(site, sum);
      for (const [source, counted] of Object.entries(ofSite.ages)) {
        ages.set(source, addAgeCounts(ages.get(source) ?? {}, counted));
      }
    }
  }
  const sources = [...ages].map(([source, counted]) => {
    const [p50, p95] = [agePercentile(counted, 50), agePercentile(counted, 95)];
    const answers = Object.values(counted).reduce((sum, count) => sum + count, 0);
    return { source, answers, ...(p50 && { p50 }), ...(p95 && { p95 }) };
  });
  return { decisions: { ...span, sites: [...sites.values()] }, answerAges: { ...span, sources } };
}
