// What the log says of refused requests: names of clients that have shown a right key, and no word of strangers.

import type { InvocationContext } from '@azure/functions';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connector } from '../../../functions/connector.ts';
import { refusal } from '../../../functions/refusal.ts';
import { RequestError, StoreError, UnknownCallerError } from '../../../shared/errors.ts';

const DETAILS = { action: 'Ask again.' };
const AWAY = new StoreError('NAC_STORE_UNAVAILABLE', 'it fails', DETAILS);
const NOT_CHECKED = new UnknownCallerError('NAC_STORE_UNAVAILABLE', 'Credentials cannot be checked.', DETAILS);
const TOO_LARGE = new RequestError(413, 'NAC_REQUEST_TOO_LARGE', 'The body is too large.', DETAILS);
const CONTEXT = { invocationId: 'one' } as InvocationContext;

const keyOf = (name: string): string => `${name}.${'0'.repeat(64)}`;

let lines: Record<string, unknown>[];

beforeEach(() => {
  for (const [name, value] of Object.entries({
    ENTRA_TENANT_ID: '00000000-0000-4000-8000-00000000000a',
    ENTRA_CLIENT_ID: '00000000-0000-4000-8000-00000000000b',
    ENTRA_CLIENT_SECRET: 'secret',
    StorageConnection: 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory',
  })) {
    vi.stubEnv(name, value);
  }
  lines = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      lines.push(JSON.parse(String(text)));
      return true;
    });
  }
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('a stranger whose key could not be checked is 503, and authentication has counted it', () => {
  for (let name = 0; name < 100; name++) {
    expect(refusal('lookup.refused', NOT_CHECKED, keyOf(`stranger-${name}`), CONTEXT).status).toBe(503);
  }
  expect(lines).toEqual([]);
});

test('names that strangers chose are in no line, and all of them are one kind', () => {
  for (let name = 0; name < 100; name++) refusal('jobs.refused', AWAY, keyOf(`stranger-${name}`), CONTEXT);
  for (let name = 0; name < 100; name++) refusal('jobs.refused', TOO_LARGE, keyOf(`stranger-${name}`), CONTEXT);
  expect(lines.map(({ status, requests, client }) => ({ status, requests, client }))).toEqual([
    { status: 503, requests: 1, client: undefined },
    { status: 413, requests: 1, client: undefined },
  ]);
  refusal('lookup.refused', TOO_LARGE, null, CONTEXT);
  expect(lines.length).toBe(2);
});

test('a client that has shown a right key is named', () => {
  connector().refusals.prove('radius-1');
  refusal('accounting.refused', AWAY, keyOf('radius-1'), CONTEXT);
  expect(lines.map(({ status, client }) => ({ status, client }))).toEqual([{ status: 503, client: 'radius-1' }]);
});
