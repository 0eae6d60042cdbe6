// The tree of errors: codes, actions, and what becomes of anything else that is thrown.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RelayError, toRelayError } from '../../relay/relay-error.ts';
import {
  ConnectorError,
  ERROR_CODES,
  RELAY_ERROR_CODES,
  RequestError,
  SettingsError,
  SourceError,
  StoreError,
  toConnectorError,
} from '../../shared/errors.ts';

test('every code is there once, and looks like one', () => {
  const codes = [...ERROR_CODES, ...RELAY_ERROR_CODES];
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) expect(code).toMatch(/^NAC(_[A-Z]+)+$/);
});

describe('an error', () => {
  test('says what happened, what to do, where, and why', () => {
    const cause = new Error('socket closed');
    const error = new SourceError('NAC_SOURCE_THROTTLED', 'Too many requests.', {
      action: 'Wait.',
      field: 'x',
      cause,
      retryAfterMs: 5,
    });
    expect(error).toMatchObject({
      name: 'SourceError',
      code: 'NAC_SOURCE_THROTTLED',
      message: 'Too many requests.',
      action: 'Wait.',
      field: 'x',
      cause,
      retryAfterMs: 5,
    });
    expect(error).toBeInstanceOf(ConnectorError);
  });

  test('has no field and no wait that were not given', () => {
    const error = new SourceError('NAC_SOURCE_PAGE', 'x', { action: 'y' });
    expect(error.field).toBeUndefined();
    expect(error.retryAfterMs).toBeUndefined();
  });

  test('of the asker has the status of the answer', () => {
    const error = new RequestError(413, 'NAC_REQUEST_TOO_LARGE', 'x', { action: 'y' });
    expect(error).toMatchObject({ status: 413, name: 'RequestError' });
  });

  test('of settings lists every problem', () => {
    const error = new SettingsError(['A is missing', 'B is wrong']);
    expect(error.problems).toEqual(['A is missing', 'B is wrong']);
    expect(error).toMatchObject({ code: 'NAC_SETTINGS', name: 'SettingsError' });
    for (const text of ['2 setting', 'A is missing', 'B is wrong']) expect(error.message).toContain(text);
  });
});

describe('whatever is thrown', () => {
  test('stays itself if it is one of ours', () => {
    const error = new StoreError('NAC_STORE_CONFLICT', 'x', { action: 'y' });
    expect(toConnectorError(error)).toBe(error);
    const relays = new RelayError('NAC_RELAY_CLOCK', 'x', { action: 'y' });
    expect(toConnectorError(relays)).toBe(relays);
    expect(toRelayError(error)).toBe(error);
  });

  test('becomes NAC_INTERNAL with its message otherwise', () => {
    const cause = new TypeError('x is undefined');
    expect(toConnectorError(cause)).toMatchObject({ code: 'NAC_INTERNAL', cause });
    expect(toConnectorError(cause).message).toContain('x is undefined');
  });

  test('becomes an error that says what to do, even if it is no error at all', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (thrown) => {
        const error = toConnectorError(thrown);
        expect(error.code).toBe('NAC_INTERNAL');
        expect(error.action).not.toBe('');
      }),
    );
  });
});
