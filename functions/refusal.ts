// How a function refuses: the error as shared/http/show-error.ts writes it, and one line of the log in ten seconds for
// each kind of refusal, however many there are.

import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { parseApiKey } from '../shared/domain/client.ts';
import { type ConnectorError, toConnectorError, UnknownCallerError } from '../shared/errors.ts';
import { ANSWER_HEADERS, challenge } from '../shared/http/answer-headers.ts';
import { showError, statusOf } from '../shared/http/show-error.ts';
import { connector, reportNotStarted, startFailure } from './connector.ts';

export function refusal(
  event: string,
  thrown: unknown,
  credential: string | null,
  context: InvocationContext,
): HttpResponseInit {
  const error = toConnectorError(thrown);
  const status = statusOf(error);
  if (startFailure() === undefined) log(event, error, status, credential, context);
  else reportNotStarted();
  const headers = status === 401 ? { ...ANSWER_HEADERS, ...challenge(credential) } : ANSWER_HEADERS;
  return { status, jsonBody: showError(error, status), headers };
}

function log(
  event: string,
  error: ConnectorError,
  status: number,
  credential: string | null,
  context: InvocationContext,
): void {
  const { code, message, field } = error;
  // Authentication has counted it under the client's name, or under that of all strangers.
  if (code === 'NAC_CLIENT_CREDENTIAL' || error instanceof UnknownCallerError) return;
  const report = connector().refusals;
  // The length is judged before the credential, so all routes and clients share one line of the log.
  const before = status === 413;
  const client = before ? undefined : report.provenName(parseApiKey(credential ?? '')?.clientName);
  const name = before ? 'request.too-large' : event;
  report.refused(status >= 500 ? 'error' : 'warn', name, { code, field, client, status }, Date.now(), () => ({
    message,
    invocation: context.invocationId,
    ...(status === 500 && { stack: error.cause instanceof Error ? error.cause.stack : error.stack }),
  }));
}
