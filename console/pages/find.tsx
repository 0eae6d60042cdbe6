// Find: one box for whatever a person has at hand. A single hit is opened at once.

import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { SearchResult } from '../api/answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { type Column, DataTable } from '../components/data-table.tsx';
import { Foreign } from '../components/foreign.tsx';
import { plainForeign } from '../components/foreign-text.ts';
import { MacAddress } from '../components/mac-address.tsx';
import { Page } from '../components/page.tsx';
import { Problem } from '../components/problem.tsx';
import { Notice } from '../components/section.tsx';
import { Status } from '../components/status.tsx';
import { spaced, standingKind } from '../components/status-words.ts';
import { When } from '../components/when.tsx';
import { useFilters } from '../lists/use-filters.ts';
import { TEXTS as SHELL } from '../texts.ts';
import { FIND_FILTERS } from './find/find-filters.ts';
import { hitAddress, type SearchHit } from './find/hit-address.ts';
import { FIND_TEXTS as TEXTS } from './find-texts.ts';

const COLUMNS: readonly Column<SearchHit>[] = [
  {
    key: 'what',
    title: TEXTS.what,
    rowHeader: true,
    cell: (hit) => (
      <a href={hitAddress(hit)}>
        <Foreign>{hit.title}</Foreign>
      </a>
    ),
    sortBy: ({ title }) => title,
  },
  { key: 'kind', title: TEXTS.kind, cell: ({ kind }) => kind, sortBy: ({ kind }) => kind },
  { key: 'foundBy', title: TEXTS.foundBy, cell: ({ foundBy }) => foundBy, sortBy: ({ foundBy }) => foundBy },
  {
    key: 'state',
    title: TEXTS.state,
    cell: ({ complianceState: state }) =>
      state === undefined ? '' : <Status kind={standingKind(state)}>{spaced(state)}</Status>,
    sortBy: ({ complianceState }) => complianceState,
  },
  { key: 'user', title: TEXTS.user, cell: ({ user }) => user && <Foreign>{user}</Foreign>, sortBy: ({ user }) => user },
  { key: 'site', title: TEXTS.site, cell: ({ site }) => site, sortBy: ({ site }) => site },
  { key: 'mac', title: TEXTS.address, cell: ({ mac }) => mac && <MacAddress mac={mac} /> },
  { key: 'at', title: TEXTS.at, cell: ({ at }) => at && <When at={at} />, sortBy: ({ at }) => at },
];

export function FindPage() {
  const { route } = useLocation();
  const { q = '' } = useFilters(FIND_FILTERS).filters;
  const { data, error, loading, reload } = useAnswer<SearchResult>(q === '' ? undefined : '/api/search', { q });
  const only = data?.complete && data.hits.length === 1 ? data.hits[0] : undefined;
  useEffect(() => {
    if (only !== undefined) route(hitAddress(only), true);
  }, [only, route]);
  return (
    <Page title={q === '' ? TEXTS.title : TEXTS.titleOf(plainForeign(q))} lead={TEXTS.lead}>
      {q === '' && <p>{TEXTS.ask}</p>}
      <Problem error={error} onRetry={reload} />
      {q !== '' && data === undefined && loading && <p class="muted">{SHELL.loading}</p>}
      {data !== undefined && (
        <>
          {!data.complete && <Notice kind="warn">{data.cut ?? TEXTS.cut}</Notice>}
          <section class="section">
            <DataTable
              caption={TEXTS.caption(data.hits.length)}
              columns={COLUMNS}
              rows={data.hits}
              rowKey={({ kind, id, foundBy, source }) => `${kind}|${source}|${id}|${foundBy}`}
              empty={TEXTS.nothing}
              loading={loading}
            />
          </section>
        </>
      )}
    </Page>
  );
}
