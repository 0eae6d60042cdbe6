// CoA jobs: how many in which stage, the list by stage and cause, and one job with its timeline.

import { Page } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { Notice } from '../../components/section.tsx';
import { When } from '../../components/when.tsx';
import { TimeRange } from '../../lists/time-range.tsx';
import { useFilters } from '../../lists/use-filters.ts';
import { JobDetail } from './job-detail.tsx';
import { JOB_FILTERS, USUAL_SINCE } from './job-filters.ts';
import { JobTable } from './job-table.tsx';
import { StageCounts } from './stage-counts.tsx';
import { TEXTS } from './texts.ts';
import { type HeldSessions, type JobList, useJobs } from './use-jobs.ts';

export function JobsPage() {
  const filters = useFilters(JOB_FILTERS);
  const list = useJobs(filters.filters);
  const { job, site, since, notEnforced } = filters.filters;
  const isFiltered = Object.keys(filters.filters).some((name) => name !== 'job');
  return (
    <Page
      title={TEXTS.title}
      lead={TEXTS.lead}
      actions={
        <button type="button" onClick={list.reload}>
          {TEXTS.reload}
        </button>
      }
    >
      {job !== undefined && (
        <JobDetail id={job} site={site} onClose={() => filters.set({ job: '' })} onChanged={list.reload} />
      )}
      <StageCounts site={site} onStage={(stage) => filters.set({ stage })} />
      <div class="list-head">
        <TimeRange
          since={since}
          until={undefined}
          usual={USUAL_SINCE}
          onChange={({ since: from }) => filters.set({ since: from })}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={notEnforced === 'true'}
            onChange={({ currentTarget }) => filters.set({ notEnforced: currentTarget.checked ? 'true' : '' })}
          />
          <span>{TEXTS.onlyNotEnforced}</span>
        </label>
        {isFiltered && (
          <button type="button" class="quiet" onClick={filters.clear}>
            {TEXTS.clear}
          </button>
        )}
      </div>
      <Problem error={list.error} onRetry={list.reload} older={list.found !== undefined} />
      {notEnforced === 'true' && list.held && <Held held={list.held} />}
      <div class="section list">
        <JobTable rows={list.found?.rows ?? []} filters={filters} loading={list.loading} onChanged={list.reload} />
      </div>
      <HowFar list={list} />
    </Page>
  );
}

function Held({ held: { sessions, complete } }: { readonly held: HeldSessions }) {
  if (sessions.length === 0) return null;
  return (
    <Notice kind="held">
      <p>
        {TEXTS.held(sessions.length, complete)} <a href="/console/">{TEXTS.toHeldRuns}</a>
      </p>
    </Notice>
  );
}

function HowFar({ list: { found, loading, lookFurther } }: { readonly list: JobList }) {
  if (found === undefined) return null;
  const { rows, looked, last, next } = found;
  return (
    <div class="list-foot">
      <p class="muted">
        {TEXTS.looked(rows.length, looked)}
        {last && (
          <>
            , {TEXTS.backTo} <When at={last.decidedAt} form="exact" />
          </>
        )}
        . {next === undefined ? TEXTS.all : TEXTS.more}
      </p>
      {next !== undefined && (
        <button type="button" disabled={loading} onClick={lookFurther}>
          {loading ? TEXTS.loading : TEXTS.lookFurther}
        </button>
      )}
    </div>
  );
}
