// The live list of decisions: what was found by the filters, how far was looked, and what is new since. Newer rows wait
// until they are wanted, so that nothing moves under the reader's eyes.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { DecisionPage, DecisionRecord } from '../../api/answers.ts';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import { search as ask } from '../../api/client.ts';
import { type Found, joinFound, lookThrough } from '../../lists/look-through.ts';
import { usePolling } from '../../shell/polling.ts';
import { type DecisionFilters, type SplitFilters, splitFilters } from './decision-filters.ts';

const WANTED = 50;
/** Largest page of the API: where most rows fall through, few requests look at many. */
const LARGEST_PAGE = 200;
/** Requests for one look: 2,000 decisions, then the reader decides whether to look further. */
const REQUESTS = 10;
/** New rows that are counted; more are as good as "many". */
export const MOST_NEW = 50;

export interface LiveDecisions {
  readonly found: Found<DecisionRecord> | undefined;
  /** Decisions that are not shown yet, newest first. */
  readonly fresh: readonly DecisionRecord[];
  readonly error: ApiError | undefined;
  readonly loading: boolean;
  readonly paused: boolean;
  readonly setPaused: (paused: boolean) => void;
  readonly showFresh: () => void;
  readonly lookFurther: () => void;
  readonly reload: () => void;
}

export function useDecisions(filters: DecisionFilters): LiveDecisions {
  const key = JSON.stringify(filters);
  const [found, setFound] = useState<Found<DecisionRecord>>();
  const [fresh, setFresh] = useState<readonly DecisionRecord[]>([]);
  const [error, setError] = useState<ApiError>();
  const [loading, setLoading] = useState(true);
  const [paused, setPaused] = useState(false);
  const [round, setRound] = useState(0);
  const shown = useRef({ key, newest: undefined as string | undefined, ids: new Set<string>() });

  const look = useCallback(
    async (before: Found<DecisionRecord> | undefined, signal: AbortSignal): Promise<void> => {
      setLoading(true);
      setError(undefined);
      try {
        const split = splitFilters(filters);
        const page = await lookThrough(
          {
            ask: (after) => askDecisions(split, { after, limit: split.isWholeByApi ? WANTED : LARGEST_PAGE, signal }),
            keep: split.keep,
            wanted: WANTED,
            requests: split.isWholeByApi ? 1 : REQUESTS,
          },
          before?.next,
        );
        if (signal.aborted) return;
        setFound(before ? joinFound(before, page) : page);
      } catch (thrown) {
        if (!signal.aborted) setError(toApiError(thrown));
      }
      if (!signal.aborted) setLoading(false);
    },
    [key],
  );

  useEffect(() => {
    const abort = new AbortController();
    setFresh([]);
    void look(undefined, abort.signal);
    return () => abort.abort();
  }, [look, round]);

  const rows = found?.rows ?? [];
  shown.current = {
    key,
    newest: [...fresh, ...rows][0]?.decision.decidedAt,
    ids: new Set([...fresh, ...rows].map(({ decision }) => decision.id)),
  };

  usePolling(async () => {
    const { key: askedFor, newest, ids } = shown.current;
    // A range that ends in the past gets nothing new; and nothing is compared before the first answer.
    if (paused || loading || filters.until !== undefined || error !== undefined) return;
    try {
      const split = splitFilters(newest === undefined ? filters : { ...filters, since: newest });
      const page = await askDecisions(split, { limit: MOST_NEW + 1 });
      if (shown.current.key !== askedFor) return;
      const unseen = page.rows.filter((row) => split.keep(row) && !ids.has(row.decision.id));
      if (unseen.length > 0) setFresh((before) => [...unseen, ...before].slice(0, MOST_NEW + 1));
    } catch (thrown) {
      setError(toApiError(thrown));
    }
  });

  const further = useRef<AbortController>(undefined);
  useEffect(() => () => further.current?.abort(), [key]);
  return {
    found,
    fresh,
    error,
    loading,
    paused,
    setPaused,
    showFresh: () => {
      // More than are counted: a gap would be left between them and the rows in view.
      if (fresh.length > MOST_NEW) return setRound((before) => before + 1);
      setFound(
        (before) => before && { ...before, rows: [...fresh, ...before.rows], looked: before.looked + fresh.length },
      );
      setFresh([]);
    },
    lookFurther: () => {
      further.current = new AbortController();
      void look(found, further.current.signal);
    },
    reload: () => setRound((before) => before + 1),
  };
}

interface Ask {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly signal?: AbortSignal;
}

/** By POST always: names and addresses are among the filters, and belong into no URL. */
export async function askDecisions(
  { search }: SplitFilters,
  { after, limit, signal }: Ask,
): Promise<{ readonly rows: readonly DecisionRecord[]; readonly next: string | undefined }> {
  const body = { ...search, ...(after !== undefined && { after }), limit: String(limit) };
  const { decisions, next } = await ask<DecisionPage>('/api/decisions/search', body, {
    ...(signal && { signal }),
  });
  return { rows: decisions, next };
}
