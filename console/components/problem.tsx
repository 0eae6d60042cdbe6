// A request that came to nothing, with what the reader can do about it. What was typed stays where it is.

import type { ApiError } from '../api/api-error.ts';
import { session, signIn } from '../sign-in/session.ts';
import { TEXTS } from '../texts.ts';

interface ProblemProps {
  readonly error: ApiError | undefined;
  readonly onRetry?: () => void;
  /** An older answer is in view. */
  readonly older?: boolean;
}

export function Problem({ error, onRetry, older = false }: ProblemProps) {
  if (error === undefined) return null;
  const { problem, refusal, retryAfterMs, status } = error;
  const { heading, advice } = status === 404 ? TEXTS.unknown : TEXTS.problems[problem];
  const wait = retryAfterMs === undefined ? undefined : TEXTS.againIn(Math.ceil(retryAfterMs / 1_000));
  return (
    <div class={`notice ${problem === 'refused' ? 'warn' : 'bad'}`} role="alert">
      <p>
        <strong>{heading}</strong> {refusal.message ?? ''}
      </p>
      <p>
        {refusal.action ?? advice} {wait} {older && TEXTS.olderInView}
      </p>
      {refusal.code !== undefined && (
        <p class="muted">
          <code>{refusal.code}</code>
          {refusal.field !== undefined && (
            <>
              {' '}
              <code>{refusal.field}</code>
            </>
          )}
          {status > 0 && ` HTTP ${status}`}
        </p>
      )}
      <p class="buttons">
        {onRetry && (
          <button type="button" onClick={onRetry}>
            {TEXTS.tryAgain}
          </button>
        )}
        {problem === 'signed-out' && session.value.state !== 'leaving' && (
          <button type="button" class="primary" onClick={() => void signIn()}>
            {TEXTS.signIn}
          </button>
        )}
      </p>
    </div>
  );
}
