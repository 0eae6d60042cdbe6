// Says what to do about a refused sign-in, by the number Microsoft Entra gives it.

import { ServerError } from '@azure/msal-node';
import { SourceError } from '../../errors.ts';
import { aadstsRefusal } from './aadsts-refusals.ts';

const BUSY = 'Microsoft Entra is busy; the poll tries again by itself.';
const UNKNOWN =
  'Look the AADSTS number up in Microsoft’s list of authentication error codes and correct the app registration.';
/** A refusal for the time of the assertion would meet every other certificate, too. */
const CLOCKS = 'AADSTS700024';

/** What Entra itself said. */
export interface EntraRefusal {
  /** How long it asked to wait. */
  readonly retryAfterMs?: number;
  /** Begins with the AADSTS number; empty when it gave none. */
  readonly description: string;
}

/**
 * @param thrown what MSAL threw, or the transport under it
 * @param refusal for what MSAL does not pass on: a tenant that is not there reaches us as "cannot resolve endpoints"
 */
export function toSignInError(thrown: unknown, refusal?: EntraRefusal): SourceError {
  if (thrown instanceof SourceError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const text = message.includes('AADSTS') ? message : refusal?.description || message;
  const retryAfterMs = refusal?.retryAfterMs;
  const number = /AADSTS(\d+)/.exec(text)?.[1];
  // The first line only: the rest are ids and timestamps, which belong to a support request.
  const [firstLine = ''] = text.split(/[\r\n]| Trace ID/);
  const summary = firstLine.slice(Math.max(0, firstLine.indexOf('AADSTS')));
  const known = number === undefined ? undefined : aadstsRefusal(number);
  return new SourceError('NAC_SOURCE_TOKEN', `Microsoft Entra gave no token: ${summary}`, {
    means: known?.means,
    action: known?.action || (text.includes('temporarily_unavailable') ? BUSY : UNKNOWN),
    field: number ? `AADSTS${number}` : 'token response',
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause: thrown,
  });
}

/**
 * Entra refused the credential itself, so that another one may do. It answers by the OAuth error: Microsoft says that
 * numbers may change (RFC 6749 5.2, "Microsoft Entra authentication and authorization error codes").
 */
export function isRefusedCredential(thrown: unknown): boolean {
  return (
    thrown instanceof SourceError &&
    thrown.cause instanceof ServerError &&
    thrown.cause.errorCode === 'invalid_client' &&
    thrown.field !== CLOCKS
  );
}
