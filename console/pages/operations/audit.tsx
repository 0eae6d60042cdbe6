// The audit: who changed what, when, and why. Entries are added, never changed.

import { useEffect, useState } from 'preact/hooks';
import type { AuditPage } from '../../api/answers.ts';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import { getJson } from '../../api/client.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Problem } from '../../components/problem.tsx';
import { Section } from '../../components/section.tsx';
import { spaced } from '../../components/status-words.ts';
import { When } from '../../components/when.tsx';
import { FilterText } from '../../lists/filter-fields.tsx';
import { TimeRange } from '../../lists/time-range.tsx';
import type { AddressFilters } from '../../lists/use-filters.ts';
import { shownWho } from '../policy/who.ts';
import { TEXTS } from './texts.ts';

type Entry = AuditPage['entries'][number];
const USUAL_SINCE = '30d';

export function Audit({ filters: { filters, set } }: { readonly filters: AddressFilters<'view' | 'site' | 'since'> }) {
  const { site, since } = filters;
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  const [next, setNext] = useState<string>();
  const [error, setError] = useState<ApiError>();
  const [loading, setLoading] = useState(true);
  const read = async (after: string | undefined, signal?: AbortSignal): Promise<void> => {
    setLoading(true);
    setError(undefined);
    const query = new URLSearchParams({
      since: since ?? USUAL_SINCE,
      ...(site !== undefined && { site }),
      ...(after !== undefined && { after }),
    });
    try {
      const page = await getJson<AuditPage>(`/api/audit?${query}`, signal ? { signal } : {});
      setEntries((before) => (after === undefined ? page.entries : [...before, ...page.entries]));
      setNext(page.next);
    } catch (thrown) {
      if (signal?.aborted) return;
      setError(toApiError(thrown));
    }
    setLoading(false);
  };
  useEffect(() => {
    const abort = new AbortController();
    void read(undefined, abort.signal);
    return () => abort.abort();
  }, [site, since]);
  return (
    <Section title={TEXTS.views.audit}>
      <div class="list-head">
        <TimeRange
          since={since}
          until={undefined}
          usual={USUAL_SINCE}
          onChange={(range) => set({ since: range.since })}
        />
        <span class="one-filter">
          <FilterText label="Site" value={site} onChange={(value) => set({ site: value })} />
        </span>
      </div>
      <Problem error={error} onRetry={() => void read(undefined)} older={entries.length > 0} />
      <DataTable
        caption="Changes that people made, newest first"
        quietCaption
        rows={entries}
        rowKey={({ at, by, action, target, site: where }) => `${at} ${by} ${action} ${target} ${where}`}
        loading={loading}
        empty={loading ? TEXTS.loading : 'Nothing was changed in this time range.'}
        columns={COLUMNS}
      />
      {next !== undefined && (
        <p class="list-foot">
          <button type="button" disabled={loading} onClick={() => void read(next)}>
            Show more
          </button>
        </p>
      )}
    </Section>
  );
}

const COLUMNS: readonly Column<Entry>[] = [
  { key: 'at', title: 'When', rowHeader: true, cell: ({ at }) => <When at={at} form="exact" /> },
  {
    key: 'by',
    title: 'By',
    cell: (entry) => (
      <>
        <Foreign>{nameOf(entry)}</Foreign> <span class="tag">{spaced(entry.from)}</span>
      </>
    ),
  },
  { key: 'action', title: 'Action', cell: ({ action }) => spaced(action) },
  { key: 'target', title: 'About', cell: ({ target }) => <Foreign>{target}</Foreign> },
  { key: 'site', title: 'Site', cell: ({ site }) => <Foreign>{site ?? 'every site'}</Foreign> },
  { key: 'reason', title: 'Reason', cell: ({ reason }) => <Foreign>{reason}</Foreign> },
];

/** A person by the name of that time. */
function nameOf(entry: Entry): string {
  const { byName } = entry as Entry & { readonly byName?: string };
  return byName ?? shownWho(entry.by);
}
