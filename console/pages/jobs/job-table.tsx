// The table of jobs, with a filter below each header.

import { type Column, DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Outcome } from '../../components/outcome.tsx';
import { Status } from '../../components/status.tsx';
import { When } from '../../components/when.tsx';
import { FilterChoice, FilterText } from '../../lists/filter-fields.tsx';
import type { AddressFilters } from '../../lists/use-filters.ts';
import { type JobFilter, nasOfJob } from './job-filters.ts';
import { CAUSES, causeOf, causeWords, type Job, mayBeResent, STAGES, stageWords } from './job-words.ts';
import { ResendJob } from './resend-job.tsx';
import { TEXTS } from './texts.ts';

interface JobTableProps {
  readonly rows: readonly Job[];
  readonly filters: AddressFilters<JobFilter>;
  readonly loading: boolean;
  readonly onChanged: () => void;
}

export function JobTable({ rows, filters, loading, onChanged }: JobTableProps) {
  return (
    <DataTable
      caption={TEXTS.title}
      quietCaption
      columns={columns(filters, onChanged)}
      rows={rows}
      rowKey={({ site, id }) => `${site} ${id}`}
      rowClass={({ id }) => (id === filters.filters.job ? 'chosen' : undefined)}
      loading={loading}
      empty={loading ? TEXTS.loading : TEXTS.nothing}
    />
  );
}

const STAGE_CHOICES = Object.entries(STAGES).map(([stage, { word }]) => [stage, word] as const);

function columns({ filters, set }: AddressFilters<JobFilter>, onChanged: () => void): readonly Column<Job>[] {
  const text = (name: JobFilter, label: string) => (
    <FilterText label={label} value={filters[name]} onChange={(value) => set({ [name]: value })} />
  );
  const choice = (name: JobFilter, label: string, choices: readonly (readonly [string, string])[]) => (
    <FilterChoice label={label} value={filters[name]} choices={choices} onChange={(value) => set({ [name]: value })} />
  );
  return [
    {
      key: 'decided',
      title: 'Decided',
      rowHeader: true,
      cell: ({ id, site, decidedAt }) => (
        <a href={`/console/jobs?${new URLSearchParams({ ...filters, site, job: id })}`}>
          <When at={decidedAt} />
        </a>
      ),
    },
    {
      key: 'stage',
      title: 'Stage',
      cell: ({ stage, attempt, nextAttemptAt, unproven }) => (
        <>
          <Status kind={stageWords(stage).kind} title={stageWords(stage).means}>
            {stageWords(stage).word}
          </Status>
          {unproven && <span class="tag">unproven</span>}
          {attempt > 1 && <span class="muted"> attempt {attempt}</span>}
          {nextAttemptAt && (
            <span class="muted">
              , next <When at={nextAttemptAt} />
            </span>
          )}
        </>
      ),
      filter: choice('stage', 'Stage', STAGE_CHOICES),
    },
    {
      key: 'cause',
      title: 'Cause',
      cell: (job) => <span>{causeWords(causeOf(job)) || '–'}</span>,
      filter: choice('cause', 'Cause', CAUSES),
    },
    { key: 'site', title: 'Site', cell: ({ site }) => <Foreign>{site}</Foreign>, filter: text('site', 'Site') },
    {
      key: 'nas',
      title: 'NAS',
      cell: (job) => <Foreign>{nasOfJob(job)}</Foreign>,
      filter: text('nas', 'NAS'),
    },
    {
      key: 'station',
      title: 'Station',
      cell: ({ session, device }) => (
        <span class="two">
          <Foreign>{session.callingStationId ?? session.userName}</Foreign>
          {device && (
            <a href={`/console/devices/${encodeURIComponent(device.id)}`}>
              <Foreign>{device.id}</Foreign>
            </a>
          )}
        </span>
      ),
      filter: text('device', 'Device id'),
    },
    {
      key: 'action',
      title: 'Action',
      cell: ({ action, urgent }) => (
        <>
          {action}
          {urgent && <span class="tag">urgent</span>}
        </>
      ),
      filter: choice('action', 'Action', [
        ['reauthenticate', 'reauthenticate'],
        ['disconnect', 'disconnect'],
      ]),
    },
    {
      key: 'change',
      title: 'From, to',
      cell: ({ answered, wanted }) => (
        <span class="two">
          <Outcome outcome={answered} />
          {wanted ? <Outcome outcome={wanted} /> : <span class="muted">any answer</span>}
        </span>
      ),
    },
    { key: 'reason', title: 'Reason', cell: ({ reason }) => <Foreign>{reason}</Foreign> },
    {
      key: 'resend',
      title: 'Do',
      cell: (job) => (mayBeResent(job) ? <ResendJob job={job} onChanged={onChanged} /> : null),
    },
  ];
}
