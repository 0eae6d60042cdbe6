// The text of a version of the policy. It never changes, so each is read once.

import { useEffect, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import { getText } from '../../api/client.ts';

export interface TextOfVersion {
  readonly text: string | undefined;
  readonly error: ApiError | undefined;
}

/** The policy of the settings has no text. */
export const WITHOUT_TEXT = 'built-in';

const MOST_KEPT = 20;
const read = new Map<string, string>();

/** @param version nothing is read without one, and `built-in` is empty */
export function useText(version: string | undefined): TextOfVersion {
  const [state, setState] = useState<TextOfVersion & { readonly version?: string }>({
    text: undefined,
    error: undefined,
  });
  useEffect(() => {
    if (version === undefined) return;
    const known = version === WITHOUT_TEXT ? '' : read.get(version);
    if (known !== undefined) {
      setState({ version, text: known, error: undefined });
      return;
    }
    const abort = new AbortController();
    getText(`/api/policies/${encodeURIComponent(version)}`, { signal: abort.signal }).then(
      (text) => {
        if (read.size >= MOST_KEPT) read.clear();
        read.set(version, text);
        setState({ version, text, error: undefined });
      },
      (thrown: unknown) => {
        if (!abort.signal.aborted) setState({ version, text: undefined, error: toApiError(thrown) });
      },
    );
    return () => abort.abort();
  }, [version]);
  return state.version === version ? state : { text: undefined, error: undefined };
}
