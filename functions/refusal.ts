// How a function refuses: code, message and what to do, under a status that no RADIUS server takes for a permit. The
// log has one line in ten seconds for each kind of refusal, however many there are.

import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { parseApiKey } from '../shared/domain/client.ts';
import {
  type ConnectorError,
  QueueError,
  RequestError,
  SettingsError,
  StoreError,
  toConnectorError,
  UnknownAskerError,
} from '../shared/errors.ts';
import { connector, reportNotStarted, startFailure } from './connector.ts';

export const NOT_CACHED = { 'cache-control': 'no-store' };

/** 400, 401, 411 and 413 for the asker's faults, 503 for the store's, the queue's and the settings', 500 for ours. */
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
  return { status, jsonBody: shown(error, status), headers: NOT_CACHED };
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
  if (code === 'NAC_CLIENT_CREDENTIAL' || error instanceof UnknownAskerError) return;
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

/** What went wrong here is in the log only: the client that asks may be a stranger. */
function shown({ code, message, action, field }: ConnectorError, status: number) {
  if (code === 'NAC_SETTINGS') {
    return { code, message: 'The connector has wrong settings.', action: 'Its log names them, with NAC_SETTINGS.' };
  }
  return { code, message: status === 500 ? 'Something went wrong here.' : message, action, field };
}

function statusOf(error: unknown): number {
  if (error instanceof RequestError) return error.status;
  return error instanceof StoreError || error instanceof QueueError || error instanceof SettingsError ? 503 : 500;
}
