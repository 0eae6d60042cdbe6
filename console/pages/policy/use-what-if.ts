// Compares a draft with the policy in force. It takes as long as there are sessions and devices to look at, and is
// stopped at will.

import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import { send } from '../../api/client.ts';
import type { WhatIfReport } from './what-if-words.ts';

export interface WhatIfRun {
  readonly report: WhatIfReport | undefined;
  readonly error: ApiError | undefined;
  readonly running: boolean;
  /** The text that report or error are about. */
  readonly comparedText: string;
  /** Whether the report is about the text as it is now. */
  readonly isCurrent: boolean;
  readonly run: () => void;
  readonly stop: () => void;
  readonly forget: () => void;
}

interface State {
  readonly text: string;
  readonly report?: WhatIfReport;
  readonly error?: ApiError;
}

export function useWhatIf(text: string): WhatIfRun {
  const [state, setState] = useState<State>();
  const [running, setRunning] = useState<AbortController>();
  const latest = useRef(running);
  latest.current = running;
  useEffect(() => () => latest.current?.abort(), []);
  const run = (): void => {
    const abort = new AbortController();
    setRunning(abort);
    send<WhatIfReport>('POST', '/api/policies/what-if', text, { signal: abort.signal })
      .then(
        (report) => setState({ text, report }),
        (thrown: unknown) => {
          if (!abort.signal.aborted) setState({ text, error: toApiError(thrown) });
        },
      )
      .finally(() => setRunning(undefined));
  };
  return {
    report: state?.report,
    error: state?.error,
    running: running !== undefined,
    comparedText: state?.text ?? '',
    isCurrent: state?.report !== undefined && state.text === text,
    run,
    stop: () => running?.abort(),
    forget: () => setState(undefined),
  };
}
