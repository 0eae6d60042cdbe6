// Exports the decisions that the filters find: read page by page, up to a limit that is named, and stopped at will.

import { useRef, useState } from 'preact/hooks';
import type { DecisionRecord } from '../../api/answers.ts';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import { announce } from '../../components/announcer.tsx';
import { Menu } from '../../components/menu.tsx';
import { Problem } from '../../components/problem.tsx';
import { writeMoment } from '../../components/times.ts';
import { download } from '../../lists/download.ts';
import { lookThrough } from '../../lists/look-through.ts';
import { type DecisionFilters, splitFilters } from './decision-filters.ts';
import { decisionsCsv, decisionsJson, exportName, MOST_EXPORTED } from './decisions-export.ts';
import { TEXTS } from './texts.ts';
import { askDecisions } from './use-decisions.ts';

const PAGE = 200;

export function ExportMenu({ filters }: { readonly filters: DecisionFilters }) {
  const [read, setRead] = useState<number>();
  const [error, setError] = useState<ApiError>();
  const abort = useRef<AbortController>(undefined);
  const run = async (form: 'csv' | 'json'): Promise<void> => {
    const control = new AbortController();
    abort.current = control;
    setError(undefined);
    setRead(0);
    try {
      const { rows, looked, complete } = await readAll(filters, setRead, control.signal);
      write(form, rows, complete);
      announce(TEXTS.exported(Math.min(rows.length, MOST_EXPORTED), looked, complete));
    } catch (thrown) {
      if (!control.signal.aborted) setError(toApiError(thrown));
    }
    setRead(undefined);
  };
  if (read !== undefined) {
    return (
      <span class="buttons">
        <span class="muted">{TEXTS.exporting(read)}</span>
        <button type="button" onClick={() => abort.current?.abort()}>
          {TEXTS.stop}
        </button>
      </span>
    );
  }
  return (
    <>
      <Menu label={TEXTS.export} class="to-end bordered">
        <span class="menu-text">{TEXTS.exportNote(MOST_EXPORTED)}</span>
        <button type="button" onClick={() => void run('csv')}>
          CSV
        </button>
        <button type="button" onClick={() => void run('json')}>
          JSON
        </button>
      </Menu>
      <Problem error={error} />
    </>
  );
}

async function readAll(
  filters: DecisionFilters,
  onRead: (rows: number) => void,
  signal: AbortSignal,
): Promise<{ readonly rows: readonly DecisionRecord[]; readonly looked: number; readonly complete: boolean }> {
  const split = splitFilters(filters);
  let read = 0;
  const found = await lookThrough(
    {
      ask: async (after) => {
        signal.throwIfAborted();
        const page = await askDecisions(split, { after, limit: PAGE, signal });
        read += page.rows.filter(split.keep).length;
        onRead(read);
        return page;
      },
      keep: split.keep,
      wanted: MOST_EXPORTED,
      // As many rows as the limit are looked at, however few of them fit.
      requests: MOST_EXPORTED / PAGE,
    },
    undefined,
  );
  return {
    rows: found.rows,
    looked: found.looked,
    complete: found.next === undefined && found.rows.length <= MOST_EXPORTED,
  };
}

function write(form: 'csv' | 'json', rows: readonly DecisionRecord[], complete: boolean): void {
  const name = exportName(new Date().toISOString(), form);
  if (form === 'json') download(name, decisionsJson(rows, { complete }), 'application/json');
  else download(name, decisionsCsv(rows, inReadersZone), 'text/csv');
}

function inReadersZone(at: string): string {
  return writeMoment(new Date(at), 'local');
}
