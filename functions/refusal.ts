// How a function refuses: the error as shared/http/show-error.ts writes it, and one line of the log in ten seconds for
// each kind of refusal, however many there are.

import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import type { Credential } from '../shared/domain/carried-credential.ts';
import { parseApiKey } from '../shared/domain/client.ts';
import {
  BusyError,
  type ConnectorError,
  type ErrorCode,
  toConnectorError,
  UnknownCallerError,
} from '../shared/errors.ts';
import { ANSWER_HEADERS, challenge } from '../shared/http/answer-headers.ts';
import { showError, statusOf } from '../shared/http/show-error.ts';
import { connector, reportNotStarted, startFailure } from './connector.ts';

/** Of strangers, all together. */
const COUNTED: ReadonlySet<ErrorCode> = new Set(['NAC_CLIENT_CREDENTIAL', 'NAC_TOKEN', 'NAC_TOKEN_KEYS']);

export function refusal(
  event: string,
  thrown: unknown,
  credential: Credential,
  context: InvocationContext,
): HttpResponseInit {
  const error = toConnectorError(thrown);
  const status = statusOf(error);
  if (startFailure() === undefined) log(event, error, status, credential, context);
  else reportNotStarted();
  const retry = error instanceof BusyError && { 'retry-after': String(error.retryAfterSeconds) };
  const headers = { ...ANSWER_HEADERS, ...challenge(error, status, credential !== null), ...retry };
  return { status, jsonBody: showError(error, status), headers };
}

function log(
  event: string,
  error: ConnectorError,
  status: number,
  credential: Credential,
  context: InvocationContext,
): void {
  const { code, message, field } = error;
  // Authentication has counted it under the client's name, or under that of all strangers.
  if (COUNTED.has(code) || error instanceof UnknownCallerError) return;
  const report = connector().refusals;
  // The length is judged before the credential, so all routes and clients share one line of the log.
  const before = status === 413;
  const client = before ? undefined : report.provenName(presentedBy(credential));
  const name = before ? 'request.too-large' : event;
  report.refused(status >= 500 ? 'error' : 'warn', name, { code, field, client, status }, Date.now(), () => ({
    message,
    invocation: context.invocationId,
    ...(status === 500 && { stack: error.cause instanceof Error ? error.cause.stack : error.stack }),
  }));
}

/** @returns the name that an API key claims, or the token itself */
function presentedBy(credential: Credential): string | object | undefined {
  return typeof credential === 'string' ? parseApiKey(credential)?.clientName : (credential ?? undefined);
}
