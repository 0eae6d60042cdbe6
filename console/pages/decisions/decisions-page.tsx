// The live list of decisions, with its filters, its pause and its export.

import { Page } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { When } from '../../components/when.tsx';
import { TimeRange } from '../../lists/time-range.tsx';
import { useFilters } from '../../lists/use-filters.ts';
import { DECISION_FILTERS, USUAL_SINCE } from './decision-filters.ts';
import { DecisionTable } from './decision-table.tsx';
import { ExportMenu } from './export-menu.tsx';
import { TEXTS } from './texts.ts';
import { type LiveDecisions, MOST_NEW, useDecisions } from './use-decisions.ts';

export function DecisionsPage() {
  const filters = useFilters(DECISION_FILTERS);
  const list = useDecisions(filters.filters);
  const { since, until, observed } = filters.filters;
  const isFiltered = Object.keys(filters.filters).length > 0;
  return (
    <Page title={TEXTS.title} lead={TEXTS.lead} actions={<Actions list={list} filters={filters.filters} />}>
      <div class="list-head">
        <TimeRange since={since} until={until} usual={USUAL_SINCE} onChange={filters.set} />
        <label class="check">
          <input
            type="checkbox"
            checked={observed === 'true'}
            onChange={({ currentTarget }) => filters.set({ observed: currentTarget.checked ? 'true' : '' })}
          />
          <span>{TEXTS.onlyObserved}</span>
        </label>
        {isFiltered && (
          <button type="button" class="quiet" onClick={filters.clear}>
            {TEXTS.clear}
          </button>
        )}
        <Fresh list={list} />
      </div>
      <Problem error={list.error} onRetry={list.reload} older={list.found !== undefined} />
      <div class="section list">
        <DecisionTable rows={list.found?.rows ?? []} filters={filters} loading={list.loading} />
      </div>
      <HowFar list={list} filters={filters.filters} />
    </Page>
  );
}

function Actions({
  list,
  filters,
}: {
  readonly list: LiveDecisions;
  readonly filters: ReturnType<typeof useFilters>['filters'];
}) {
  return (
    <>
      <button type="button" aria-pressed={list.paused} onClick={() => list.setPaused(!list.paused)}>
        {list.paused ? TEXTS.goOn : TEXTS.pause}
      </button>
      <ExportMenu filters={filters} />
    </>
  );
}

/** Says in passing what is new; the rows themselves wait. */
function Fresh({ list: { fresh, paused, showFresh } }: { readonly list: LiveDecisions }) {
  return (
    <div class="fresh" role="status">
      {paused && <span class="muted">{TEXTS.paused}</span>}
      {fresh.length > 0 && (
        <>
          <span>{TEXTS.fresh(fresh.length, MOST_NEW)}</span>
          <button type="button" class="link" onClick={showFresh}>
            {TEXTS.show}
          </button>
        </>
      )}
    </div>
  );
}

/** Decisions that the first versions stored have no columns for these: such a filter leaves them out. */
const LATER_COLUMNS = ['nas', 'port', 'method', 'identity', 'assurance', 'source'] as const;

interface HowFarProps {
  readonly list: LiveDecisions;
  readonly filters: ReturnType<typeof useFilters>['filters'];
}

function HowFar({ list: { found, loading, lookFurther }, filters }: HowFarProps) {
  if (found === undefined) return null;
  const { rows, looked, last, next } = found;
  return (
    <div class="list-foot">
      <p class="muted">
        {TEXTS.looked(rows.length, looked)}
        {last && (
          <>
            , {TEXTS.backTo} <When at={last.decision.decidedAt} form="exact" />
          </>
        )}
        . {next === undefined ? TEXTS.all : TEXTS.lookedFar}
        {found.rows.length === 0 && LATER_COLUMNS.some((name) => filters[name] !== undefined) && ` ${TEXTS.older}`}
      </p>
      {next !== undefined && (
        <button type="button" disabled={loading} onClick={lookFurther}>
          {loading ? TEXTS.loading : TEXTS.lookFurther}
        </button>
      )}
    </div>
  );
}
