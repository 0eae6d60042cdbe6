// Sessions: at which site how many, and for each the answer given, wanted and proven.

import { Page } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { useFilters } from '../../lists/use-filters.ts';
import { SESSION_FILTERS } from './session-filters.ts';
import { SessionTable } from './session-table.tsx';
import { SiteCounts } from './site-counts.tsx';
import { TEXTS } from './texts.ts';
import { type SessionList, useSessions } from './use-sessions.ts';

export function SessionsPage() {
  const filters = useFilters(SESSION_FILTERS);
  const list = useSessions(filters.filters);
  const { site, notEnforced } = filters.filters;
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
      <SiteCounts site={site} onSite={(name) => filters.set({ site: name })} />
      <div class="list-head">
        <label class="check">
          <input
            type="checkbox"
            checked={notEnforced === 'true'}
            onChange={({ currentTarget }) => filters.set({ notEnforced: currentTarget.checked ? 'true' : '' })}
          />
          <span>{TEXTS.onlyNotEnforced}</span>
        </label>
        {Object.keys(filters.filters).length > 0 && (
          <button type="button" class="quiet" onClick={filters.clear}>
            {TEXTS.clear}
          </button>
        )}
      </div>
      <Problem error={list.error} onRetry={list.reload} older={list.found !== undefined} />
      <div class="section list">
        <SessionTable rows={list.found?.rows ?? []} filters={filters} loading={list.loading} />
      </div>
      <HowFar list={list} />
    </Page>
  );
}

function HowFar({ list: { found, looked, loading, lookFurther } }: { readonly list: SessionList }) {
  if (found === undefined) return null;
  return (
    <div class="list-foot">
      <p class="muted">
        {TEXTS.looked(found.rows.length, looked)}. {found.next === undefined ? TEXTS.all : TEXTS.more}
      </p>
      {found.next !== undefined && (
        <button type="button" disabled={loading} onClick={lookFurther}>
          {loading ? TEXTS.loading : TEXTS.lookFurther}
        </button>
      )}
    </div>
  );
}
