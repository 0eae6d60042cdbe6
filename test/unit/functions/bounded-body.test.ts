// What a route accepts as a body, judged by the headers first.

import { expect, test } from 'vitest';
import { boundedBody, refuseLargeBody } from '../../../functions/bounded-body.ts';

function request(headers: Record<string, string>, text: string) {
  const seen = { read: false };
  return {
    seen,
    headers: new Headers(headers),
    async text() {
      seen.read = true;
      return text;
    },
  };
}

test.each(['101', '99999999999999999999', '-1', '1e3', ''])(
  'a Content-Length of %j is refused unread',
  async (length) => {
    const large = request({ 'content-length': length }, 'x');
    await expect(boundedBody(large, 100)).rejects.toMatchObject({ status: 413, code: 'NAC_REQUEST_TOO_LARGE' });
    expect(large.seen.read).toBe(false);
    expect(() => refuseLargeBody(large, 100)).toThrow();
  },
);

test('a body is measured in bytes, whatever its header says', async () => {
  await expect(boundedBody(request({ 'content-length': '40' }, 'ü'.repeat(60)), 100)).rejects.toMatchObject({
    status: 413,
  });
  expect(await boundedBody(request({ 'content-length': '100' }, 'ü'.repeat(50)), 100)).toBe('ü'.repeat(50));
});

test('a chunked body, which the host does not hand on, is refused by name', async () => {
  const chunked = request({ 'transfer-encoding': 'chunked' }, '');
  await expect(boundedBody(chunked, 100)).rejects.toMatchObject({ status: 411, code: 'NAC_REQUEST_CHUNKED' });
  expect(await boundedBody(request({ 'transfer-encoding': 'chunked' }, '{}'), 100)).toBe('{}');
});
