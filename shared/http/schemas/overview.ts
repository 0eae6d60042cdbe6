// The overview: how fresh the knowledge is, what is on the network, what is not enforced, what waits for a person.

import { AGE_BUCKETS } from '../../domain/age-bucket.ts';
import { JOB_STAGES } from '../../domain/coa/enforcement-job.ts';
import { amount, type Described, flag, instant, list, named, object, oneOf, optional, text, whole } from '../schema.ts';
import { HELD_RUN } from './poll.ts';

const SITE = text('The site');
const AGE = oneOf(AGE_BUCKETS, 'At most this old; `more`: older than a day');

const SOURCE_FRESHNESS = object('How fresh one source is', {
  source: text('Name of the source'),
  sweeps: flag('Whether its whole list is read; else devices that have authenticated are read one by one'),
  lastComplete: optional(
    object('The newest run that saw everything', {
      startedAt: instant('When it began'),
      devices: optional(whole('Devices listed')),
    }),
  ),
  reachable: optional(flag('Whether that run is as new as it should be; absent without sweeps')),
  underWay: optional(
    object('The run under way', { startedAt: instant('When it began'), devices: whole('Devices listed by now') }),
  ),
  nextTryAt: optional(instant('When the next run is due, or the next attempt after a failure')),
  failures: whole('Failed attempts in a row'),
});

const ANSWER_AGES = object('How old records were when answers rested on them', {
  source: text('Source of the records'),
  answers: whole('Answers that rested on a record'),
  p50: optional(AGE),
  p95: optional(AGE),
});

export const OVERVIEW = named(
  'Overview',
  object('How everything is doing, of the sites that the client may see', {
    at: instant('When this was put together'),
    freshness: list(SOURCE_FRESHNESS, 'Each source'),
    answerAges: optional(
      object('How old the knowledge behind answers was', {
        since: instant('Answers from then on'),
        until: instant('Answers before then; later ones are not counted yet'),
        sources: list(ANSWER_AGES, 'Each source that answers rested on'),
      }),
    ),
    decisions: optional(
      object('Decisions, counted from those that are stored', {
        since: instant('Decisions from then on'),
        until: instant('Decisions before then; later ones are not counted yet'),
        sites: list(
          object('Of one site', { site: SITE, permits: whole('Permits'), denies: whole('Denials') }),
          'Each site with a decision',
        ),
      }),
    ),
    sessions: optional(
      object('Live sessions, as the last count found them', {
        countedAt: instant('When that count ended'),
        sites: list(object('Of one site', { site: SITE, live: whole('Live sessions') }), 'Each site with a session'),
      }),
    ),
    jobs: optional(
      object('CoA jobs, as the last count found them; absent where nothing enforces', {
        countedAt: instant('When that count ended'),
        complete: flag('False where there were more than could be looked at'),
        since: instant('Jobs decided from then on'),
        stages: list(
          object('Of one site in one stage', {
            site: SITE,
            stage: oneOf(JOB_STAGES, 'The stage'),
            jobs: whole('Jobs in it'),
          }),
          'Stages that have jobs',
        ),
        notEnforced: list(
          object('Decided, but not enforced, of one site', {
            site: SITE,
            jobs: whole('Jobs'),
            oldest: instant('When the oldest of them was decided'),
          }),
          'Sites where something is not enforced',
        ),
      }),
    ),
    relays: list(
      object('A relay and its last word', {
        site: SITE,
        relay: text('Its name, as it reports'),
        lastReportAt: instant('When its newest report arrived: it reports about jobs alone'),
      }),
      'Relays that have reported within 30 days',
    ),
    credentials: list(
      object('What the connector signs in with', {
        source: text('The source that it opens'),
        kind: text('`certificates`, `secret` or `managed-identity`'),
        setting: optional(text('The setting that holds it')),
        expiresAt: optional(instant('When it expires; absent where that is not known')),
        daysLeft: optional(amount('Days until then')),
        checkedAt: instant('When it was looked at'),
      }),
      'Credentials of sources',
    ),
    held: list(
      object('Held: it waits for a person', { source: text('Source of the run'), run: HELD_RUN }),
      'Runs whose changes wait for a person',
    ),
    policy: object('The policy in force', {
      version: text('Its version'),
      since: optional(instant('When it was activated; absent for the built-in one')),
    }),
  }),
);

export type Overview = Described<typeof OVERVIEW>;
