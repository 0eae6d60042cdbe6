// The list of sessions by its filters, read page by page within a budget.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { SessionPage, ShownSession } from '../../../shared/http/schemas/session.ts';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import { getJson } from '../../api/client.ts';
import { type Found, joinFound, lookThrough } from '../../lists/look-through.ts';
import { idBefore, type SessionFilters, splitSessionFilters } from './session-filters.ts';

const WANTED = 50;
const PAGE = 200;
const REQUESTS = 6;

export interface SessionList {
  readonly found: Found<ShownSession> | undefined;
  /** Sessions that were looked at, by the connector and the page. */
  readonly looked: number;
  readonly error: ApiError | undefined;
  readonly loading: boolean;
  readonly lookFurther: () => void;
  readonly reload: () => void;
}

export function useSessions(filters: SessionFilters): SessionList {
  const key = JSON.stringify(filters);
  const [found, setFound] = useState<Found<ShownSession>>();
  const [looked, setLooked] = useState(0);
  const [error, setError] = useState<ApiError>();
  const [loading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  const running = useRef<AbortController>(undefined);
  const look = async (before: Found<ShownSession> | undefined): Promise<void> => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    const { signal } = abort;
    setLoading(true);
    setError(undefined);
    let lookedNow = before === undefined ? 0 : looked;
    try {
      const { query, keep, isWholeByApi } = splitSessionFilters(filters);
      // Sessions come in the order of their ids: the one that is asked for is first behind the id before it.
      const { session } = filters;
      const start = session === undefined ? undefined : idBefore(session);
      const limit = String(start !== undefined ? 1 : isWholeByApi ? WANTED : PAGE);
      const ask = async (mark: string | undefined) => {
        const after = mark ?? start;
        const parameters = new URLSearchParams({ ...query, limit, ...(after !== undefined && { after }) });
        const page = await getJson<SessionPage>(`/api/sessions?${parameters}`, { signal });
        lookedNow += page.lookedAt;
        return { rows: page.sessions, next: start === undefined ? page.next : undefined };
      };
      const page = await lookThrough({ ask, keep, wanted: WANTED, requests: REQUESTS }, before?.next);
      if (signal.aborted) return;
      setFound(before ? joinFound(before, page) : page);
      setLooked(lookedNow);
    } catch (thrown) {
      if (!signal.aborted) setError(toApiError(thrown));
    }
    if (!signal.aborted) setLoading(false);
  };
  useEffect(() => {
    void look(undefined);
    return () => running.current?.abort();
  }, [key, round]);
  return {
    found,
    looked,
    error,
    loading,
    lookFurther: () => void look(found),
    reload: () => setRound((before) => before + 1),
  };
}
