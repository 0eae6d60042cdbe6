// The list of jobs by its filters, read page by page within a budget; and the one job that is open.

import { useEffect, useState } from 'preact/hooks';
import type { JobPage } from '../../api/answers.ts';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import { getJson } from '../../api/client.ts';
import { type Found, joinFound, lookThrough } from '../../lists/look-through.ts';
import { type JobFilters, splitJobFilters } from './job-filters.ts';
import { type Job, markBefore } from './job-words.ts';

const WANTED = 50;
const LARGEST_PAGE = 500;
const REQUESTS = 6;

export type HeldSessions = NonNullable<JobPage['held']>;

export interface JobList {
  readonly found: Found<Job> | undefined;
  readonly held: HeldSessions | undefined;
  readonly error: ApiError | undefined;
  readonly loading: boolean;
  readonly lookFurther: () => void;
  readonly reload: () => void;
}

export function useJobs(filters: JobFilters): JobList {
  const { job: _, ...listed } = filters;
  const key = JSON.stringify(listed);
  const [found, setFound] = useState<Found<Job>>();
  const [held, setHeld] = useState<HeldSessions>();
  const [error, setError] = useState<ApiError>();
  const [loading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  const look = async (before: Found<Job> | undefined, signal: AbortSignal): Promise<void> => {
    setLoading(true);
    setError(undefined);
    try {
      const { query, keep, isWholeByApi } = splitJobFilters(filters);
      const limit = String(isWholeByApi ? WANTED : LARGEST_PAGE);
      const ask = async (after: string | undefined) => {
        const parameters = new URLSearchParams({ ...query, limit, ...(after !== undefined && { after }) });
        const page = await getJson<JobPage>(`/api/jobs?${parameters}`, { signal });
        if (after === undefined) setHeld(page.held);
        return { rows: page.jobs, next: page.next };
      };
      const page = await lookThrough({ ask, keep, wanted: WANTED, requests: REQUESTS }, before?.next);
      if (!signal.aborted) setFound(before ? joinFound(before, page) : page);
    } catch (thrown) {
      if (!signal.aborted) setError(toApiError(thrown));
    }
    if (!signal.aborted) setLoading(false);
  };
  useEffect(() => {
    const abort = new AbortController();
    void look(undefined, abort.signal);
    return () => abort.abort();
  }, [key, round]);
  return {
    found,
    held,
    error,
    loading,
    lookFurther: () => void look(found, new AbortController().signal),
    reload: () => setRound((before) => before + 1),
  };
}

/** The address of a request whose answer begins with the job. */
export function pathOfJob(site: string | undefined, id: string | undefined): string | undefined {
  const after = id === undefined ? undefined : markBefore(id);
  if (after === undefined || site === undefined) return undefined;
  return `/api/jobs?${new URLSearchParams({ site, after, limit: '20' })}`;
}
