// Why a person makes a change, from a body, from a header, from the command line.

import { expect, test } from 'vitest';
import { LONGEST_REASON } from '../../../shared/domain/audit-entry.ts';
import { checkedReason, readReason, readReasonHeader } from '../../../shared/http/read-reason.ts';

const LONGEST = 'ü'.repeat(LONGEST_REASON);

test.each([
  [null, {}],
  ['printers%20need%20it', { reason: 'printers need it' }],
  [encodeURIComponent(` ${LONGEST.slice(2)} `), { reason: LONGEST.slice(2) }],
  [encodeURIComponent(LONGEST), { reason: LONGEST }],
])('the header %s', (header, reason) => {
  expect(readReasonHeader(header)).toEqual(reason);
});

test.each(['', '%20', '%', '%ff', '%zz', encodeURIComponent(`${LONGEST}x`)])('the header %s is refused', (header) => {
  expect(() => readReasonHeader(header)).toThrow(
    expect.objectContaining({ status: 400, code: 'NAC_REQUEST_FIELD', field: 'X-Reason' }),
  );
});

test('a body and the command line follow the same rule', () => {
  expect(readReason('{"reason":" why "}')).toEqual({ reason: 'why' });
  expect(checkedReason(' why ', '--reason')).toEqual({ reason: 'why' });
  expect(() => readReason('{"reason":" "}')).toThrow(expect.objectContaining({ field: 'reason' }));
  expect(() => checkedReason(' ', '--reason')).toThrow(expect.objectContaining({ field: '--reason' }));
});
