// Turns what the Table service answers into this product's errors, once.

import { RestError } from '@azure/data-tables';
import { StoreError } from '../../errors.ts';
import { NO_ANSWER } from './call-deadlines.ts';

/** True when the row asked for is not there. A table that is not there is another matter: nothing can be said then. */
export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof RestError && thrown.statusCode === 404 && serviceCode(thrown) !== 'TableNotFound';
}

/** True when another writer was first: the row exists already (409) or has another etag now (412). */
export function isConflict(thrown: unknown): boolean {
  return thrown instanceof RestError && (thrown.statusCode === 409 || thrown.statusCode === 412);
}

/** True when a row would get more columns, or become larger, than a row may be: 252 columns, 1 MiB. */
export function isTooLarge(thrown: unknown): boolean {
  const code = thrown instanceof RestError ? (serviceCode(thrown) ?? '') : '';
  return /^(EntityTooLarge|TooManyProperties|PropertyLimitExceeded|RequestBodyTooLarge)$/.test(code);
}

/** True when the service will never take this write, however often it is sent. */
export function isRefusedForGood(thrown: unknown): boolean {
  return thrown instanceof RestError && (thrown.statusCode === 400 || thrown.statusCode === 413);
}

/** Awaits a call to the store; throws its errors as StoreError. */
export async function storeCall<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    throw toStoreError(what, thrown);
  }
}

/** The same for a list: its pages, one after the other. */
export async function* storePages<T>(what: string, pages: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* pages;
  } catch (thrown) {
    throw toStoreError(what, thrown);
  }
}

export function toStoreError(what: string, thrown: unknown): unknown {
  const unanswered = thrown instanceof RestError && thrown.statusCode === undefined && thrown.code === NO_ANSWER;
  if (unanswered || (thrown instanceof Error && thrown.name === 'AbortError')) {
    return new StoreError('NAC_STORE_TIMEOUT', `Table Storage did not answer in time: ${what}.`, {
      action:
        'Check the storage account and the network between it and the function app; LOOKUP_DEADLINE sets the limit of lookups.',
      cause: thrown,
    });
  }
  if (!(thrown instanceof RestError)) return thrown;
  const reason = thrown.statusCode === undefined ? (thrown.code ?? 'no connection') : describe(thrown);
  return new StoreError('NAC_STORE_UNAVAILABLE', `Table Storage refused or failed: ${what}: ${reason}.`, {
    action:
      thrown.statusCode === 403 || thrown.statusCode === 401
        ? 'Give the identity the role Storage Table Data Contributor on the storage account, or correct the key.'
        : thrown.statusCode === 404
          ? 'The table is missing: deploy the infrastructure, or create the tables, before starting.'
          : 'Check that the storage account can be reached; the work is repeated by itself.',
    cause: thrown,
  });
}

/** The service puts its code into the body, where the SDK leaves it. */
function describe(error: RestError): string {
  return `${error.statusCode} ${serviceCode(error) ?? ''}`.trim();
}

function serviceCode(error: RestError): string | undefined {
  const details = error.details as { odataError?: { code?: string } } | undefined;
  return details?.odataError?.code ?? error.code;
}
