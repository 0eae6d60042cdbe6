// What a component reads from the API: the newest answer, or why there is none. An older answer stays in view while a
// newer one is fetched, and when fetching it fails.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from './api-error.ts';
import { getJson, search } from './client.ts';

export interface Answer<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly loading: boolean;
  /** When the answer in view came. */
  readonly at: Date | undefined;
  readonly reload: () => void;
}

interface State<T> {
  /** What was asked. */
  readonly asked: string | undefined;
  readonly data?: T | undefined;
  readonly error?: ApiError | undefined;
  readonly at?: Date | undefined;
  readonly loading: boolean;
}

/**
 * @param path of the API, with its query; nothing is asked without one
 * @param question whose words belong into no URL: it is asked by POST
 */
export function useAnswer<T>(path: string | undefined, question?: object): Answer<T> {
  const words = question === undefined ? undefined : JSON.stringify(question);
  const asked = path === undefined || words === undefined ? path : `${path} ${words}`;
  const [state, setState] = useState<State<T>>({ asked, loading: asked !== undefined });
  const [round, setRound] = useState(0);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  useEffect(() => {
    if (path === undefined) return setState({ asked, loading: false });
    const abort = new AbortController();
    const { signal } = abort;
    setState((before) => (before.asked === asked ? { ...before, loading: true } : { asked, loading: true }));
    const answer = words === undefined ? getJson<T>(path, { signal }) : search<T>(path, JSON.parse(words), { signal });
    answer.then(
      (data) => setState({ asked, data, at: new Date(), loading: false }),
      (thrown: unknown) => {
        if (signal.aborted) return;
        setState((before) => ({ ...before, asked, error: toApiError(thrown), loading: false }));
      },
    );
    return () => abort.abort();
  }, [asked, round]);
  useWhenBack(state.error?.problem === 'offline', reload);
  const { data, error, loading, at } = state.asked === asked ? state : { loading: true };
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
