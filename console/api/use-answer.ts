// What a component reads from the API: the newest answer, or why there is none. An older answer stays in view while a
// newer one is fetched, and when fetching it fails.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from './api-error.ts';
import { getJson } from './client.ts';

export interface Answer<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly loading: boolean;
  /** When the answer in view came. */
  readonly at: Date | undefined;
  readonly reload: () => void;
}

interface State<T> {
  readonly path: string | undefined;
  readonly data?: T | undefined;
  readonly error?: ApiError | undefined;
  readonly at?: Date | undefined;
  readonly loading: boolean;
}

/** @param path of the API, with its query; nothing is asked without one */
export function useAnswer<T>(path: string | undefined): Answer<T> {
  const [state, setState] = useState<State<T>>({ path, loading: path !== undefined });
  const [round, setRound] = useState(0);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  useEffect(() => {
    if (path === undefined) return setState({ path, loading: false });
    const abort = new AbortController();
    setState((before) => (before.path === path ? { ...before, loading: true } : { path, loading: true }));
    getJson<T>(path, { signal: abort.signal }).then(
      (data) => setState({ path, data, at: new Date(), loading: false }),
      (thrown: unknown) => {
        if (abort.signal.aborted) return;
        setState((before) => ({ ...before, path, error: toApiError(thrown), loading: false }));
      },
    );
    return () => abort.abort();
  }, [path, round]);
  useWhenBack(state.error?.problem === 'offline', reload);
  const { data, error, loading, at } = state.path === path ? state : { loading: true };
  return { data, error, loading, at, reload };
}

/** Asks again at once when the network is back. */
function useWhenBack(offline: boolean, reload: () => void): void {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    if (!offline) return;
    const again = (): void => latest.current();
    addEventListener('online', again);
    return () => removeEventListener('online', again);
  }, [offline]);
}
