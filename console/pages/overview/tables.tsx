// The lists of the overview: sources, sites, stages of jobs, relays, credentials.

import type { Overview } from '../../api/answers.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Section } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import { spaced, stageKind } from '../../components/status-words.ts';
import { When } from '../../components/when.tsx';
import { OVERVIEW_TEXTS as TEXTS } from '../overview-texts.ts';
import { type SiteRow, type StageRow, siteRows, stageRows } from './site-rows.ts';

type Source = Overview['freshness'][number];
type Relay = Overview['relays'][number];
type Credential = Overview['credentials'][number];

/** Days before the end of a credential at which it is shown as a warning, and as bad. */
const SOON_DAYS = 30;
const VERY_SOON_DAYS = 7;

const SOURCES: readonly Column<Source>[] = [
  { key: 'source', title: TEXTS.source, rowHeader: true, cell: ({ source }) => source, sortBy: ({ source }) => source },
  { key: 'state', title: TEXTS.state, cell: (source) => <SourceState source={source} /> },
  { key: 'last', title: TEXTS.lastComplete, cell: ({ lastComplete }) => <When at={lastComplete?.startedAt} /> },
  { key: 'next', title: TEXTS.nextTry, cell: ({ nextTryAt }) => <When at={nextTryAt} /> },
  { key: 'kind', title: TEXTS.kind, cell: ({ sweeps }) => (sweeps ? TEXTS.sweepsWord : TEXTS.pointsWord) },
  {
    key: 'devices',
    title: TEXTS.devices,
    numeric: true,
    cell: ({ lastComplete }) => lastComplete?.devices?.toLocaleString('en') ?? '–',
  },
];

const SITES: readonly Column<SiteRow>[] = [
  {
    key: 'site',
    title: TEXTS.site,
    rowHeader: true,
    cell: ({ site }) => <a href={`/console/sessions?site=${encodeURIComponent(site)}`}>{site}</a>,
    sortBy: ({ site }) => site,
  },
  {
    key: 'live',
    title: TEXTS.liveColumn,
    numeric: true,
    cell: ({ live }) => live?.toLocaleString('en') ?? '–',
    sortBy: ({ live }) => live,
  },
  {
    key: 'permits',
    title: TEXTS.permits,
    numeric: true,
    cell: ({ permits }) => permits.toLocaleString('en'),
    sortBy: ({ permits }) => permits,
  },
  {
    key: 'denies',
    title: TEXTS.denies,
    numeric: true,
    cell: ({ denies }) => denies.toLocaleString('en'),
    sortBy: ({ denies }) => denies,
  },
  {
    key: 'notEnforced',
    title: TEXTS.notEnforcedColumn,
    numeric: true,
    cell: ({ notEnforced }) => (notEnforced === 0 ? '0' : <Status kind="bad">{notEnforced}</Status>),
    sortBy: ({ notEnforced }) => notEnforced,
  },
];

const STAGES: readonly Column<StageRow>[] = [
  {
    key: 'stage',
    title: TEXTS.stage,
    rowHeader: true,
    cell: ({ stage }) => (
      <a href={`/console/jobs?stage=${encodeURIComponent(stage)}`}>
        <Status kind={stageKind(stage)}>{spaced(stage)}</Status>
      </a>
    ),
  },
  { key: 'jobs', title: TEXTS.jobsColumn, numeric: true, cell: ({ jobs }) => jobs.toLocaleString('en') },
];

const RELAYS: readonly Column<Relay>[] = [
  { key: 'relay', title: TEXTS.relay, rowHeader: true, cell: ({ relay }) => <Foreign>{relay}</Foreign> },
  { key: 'site', title: TEXTS.site, cell: ({ site }) => site, sortBy: ({ site }) => site },
  {
    key: 'last',
    title: TEXTS.lastWord,
    cell: ({ lastReportAt }) => <When at={lastReportAt} />,
    sortBy: ({ lastReportAt }) => lastReportAt,
  },
];

const CREDENTIALS: readonly Column<Credential>[] = [
  { key: 'source', title: TEXTS.source, rowHeader: true, cell: ({ source }) => source },
  { key: 'kind', title: TEXTS.credential, cell: ({ kind }) => spaced(kind) },
  { key: 'setting', title: TEXTS.setting, cell: ({ setting }) => (setting ? <code>{setting}</code> : '–') },
  { key: 'days', title: TEXTS.days, numeric: true, cell: ({ daysLeft }) => <DaysLeft days={daysLeft} /> },
];

export function OverviewTables({ overview }: { readonly overview: Overview }) {
  const stages = stageRows(overview);
  return (
    <div class="columns">
      <Section title={TEXTS.sources}>
        <DataTable
          caption={TEXTS.sources}
          quietCaption
          columns={SOURCES}
          rows={overview.freshness}
          rowKey={(row) => row.source}
        />
      </Section>
      <Section title={TEXTS.sites} aside={<a href="/console/decisions">{TEXTS.openDecisions}</a>}>
        <DataTable
          caption={TEXTS.sites}
          quietCaption
          columns={SITES}
          rows={siteRows(overview)}
          rowKey={(row) => row.site}
        />
      </Section>
      <Section title={TEXTS.jobs} aside={<a href="/console/jobs">{TEXTS.openJobs}</a>}>
        <DataTable
          caption={TEXTS.jobs}
          quietCaption
          columns={STAGES}
          rows={stages}
          rowKey={(row) => row.stage}
          empty={overview.jobs === undefined ? TEXTS.enforcesNothing : TEXTS.noJobs}
        />
        {overview.jobs?.complete === false && <p class="muted">{TEXTS.jobsCut}</p>}
      </Section>
      <Section title={TEXTS.relays}>
        <DataTable
          caption={TEXTS.relays}
          quietCaption
          columns={RELAYS}
          rows={overview.relays}
          rowKey={(row) => `${row.site}|${row.relay}`}
          empty={TEXTS.noRelays}
        />
      </Section>
      <Section title={TEXTS.credentials}>
        <DataTable
          caption={TEXTS.credentials}
          quietCaption
          columns={CREDENTIALS}
          rows={overview.credentials}
          rowKey={(row) => `${row.source}|${row.kind}|${row.setting}`}
          empty={TEXTS.noCredentials}
        />
      </Section>
      <Section title={TEXTS.policy} aside={<a href="/console/policy">{TEXTS.openPolicy}</a>}>
        <p>
          <code>{overview.policy.version}</code>{' '}
          {overview.policy.since !== undefined && (
            <span class="muted">
              {TEXTS.since} <When at={overview.policy.since} />
            </span>
          )}
        </p>
      </Section>
    </div>
  );
}

function SourceState({ source }: { readonly source: Source }) {
  if (source.failures > 0) return <Status kind="bad">{TEXTS.failing(source.failures)}</Status>;
  if (source.underWay) return <Status kind="info">{TEXTS.underWay(source.underWay.devices)}</Status>;
  if (source.reachable === false) return <Status kind="warn">{TEXTS.late}</Status>;
  if (source.lastComplete === undefined) return <Status kind="none">{TEXTS.unknownState}</Status>;
  return <Status kind="good">{TEXTS.reachable}</Status>;
}

function DaysLeft({ days }: { readonly days: number | undefined }) {
  if (days === undefined) return <span class="muted">{TEXTS.noExpiry}</span>;
  const whole = Math.floor(days);
  if (days < VERY_SOON_DAYS) return <Status kind="bad">{whole}</Status>;
  if (days < SOON_DAYS) return <Status kind="warn">{whole}</Status>;
  return whole;
}
