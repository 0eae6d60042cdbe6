// What a report says of each result of sending.

import { describe, expect, test } from 'vitest';
import type { CoaSendResult } from '../../../../relay/radius/coa-sender.ts';
import { errorCause, errorCauseHint } from '../../../../relay/radius/error-cause.ts';
import { reportSendResult } from '../../../../relay/radius/report-send-result.ts';

const TARGET = { address: '192.0.2.10', port: 1700 };
const DONE = { transmissions: 1, discarded: {}, elapsedMs: 3, identifier: 9 };

const silence = (more: Partial<CoaSendResult> = {}, target: Partial<Parameters<typeof reportSendResult>[1]> = {}) =>
  reportSendResult({ kind: 'no-answer', ...DONE, transmissions: 4, ...more } as CoaSendResult, {
    ...TARGET,
    ...target,
  });

test('ACK', () => {
  expect(reportSendResult({ kind: 'ack', ...DONE }, TARGET)).toEqual({ outcome: 'acknowledged', transmissions: 1 });
});

test('ACK with Error-Cause 201 and with forged answers before it', () => {
  const result: CoaSendResult = { kind: 'ack', ...DONE, errorCause: errorCause(201), discarded: { authenticator: 2 } };
  expect(reportSendResult(result, TARGET)).toEqual({
    outcome: 'acknowledged',
    transmissions: 1,
    discarded: { authenticator: 2 },
    errorCause: { code: 201, name: 'Residual Session Context Removed' },
  });
});

test('NAK 503 is refused, with the cause by which the cloud sees that the session is gone', () => {
  expect(reportSendResult({ kind: 'nak', ...DONE, errorCause: errorCause(503) }, TARGET)).toEqual({
    outcome: 'refused',
    transmissions: 1,
    errorCause: { code: 503, name: 'Session Context Not Found' },
    hint: expect.stringContaining('no such session any more'),
  });
});

test('NAK without a cause', () => {
  expect(reportSendResult({ kind: 'nak', ...DONE }, TARGET)).toEqual({
    outcome: 'refused',
    transmissions: 1,
    hint: 'The NAS refused without Error-Cause: look into its log.',
  });
});

/** Those of RFC 5176 section 3.5, and one that it does not know. */
test.each([201, 202, 401, 402, 403, 404, 405, 406, 407, 501, 502, 503, 504, 505, 506, 507, 508, 599])(
  'Error-Cause %i has a name and a hint',
  (code) => {
    expect(errorCause(code).name.length).toBeGreaterThan(10);
    expect(errorCauseHint(code)).toMatch(/^[A-Z].{20,}\.$/);
  },
);

describe('silence', () => {
  test('names the usual suspects', () => {
    const { outcome, transmissions, hint } = silence();
    expect({ outcome, transmissions }).toEqual({ outcome: 'no-answer', transmissions: 4 });
    for (const word of ['192.0.2.10 UDP port 1700', 'shared secret', 'firewall', '1700', '3799', 'clocks']) {
      expect(hint).toContain(word);
    }
    expect(hint).not.toContain('switched off');
  });

  test('names what is switched off', () => {
    const { hint } = silence({}, { messageAuthenticator: false, eventTimestamp: false });
    expect(hint).toContain('Event-Timestamp is switched off');
    expect(hint).toContain('Message-Authenticator is switched off');
    expect(hint).not.toContain('clocks');
  });

  test.each([
    [{ authenticator: 3 }, 'same shared secret'],
    [{ 'message-authenticator': 1, authenticator: 1 }, 'legacyZeroMessageAuthenticator'],
    [{ source: 1 }, 'another address or port'],
    [{ length: 1 }, 'malformed'],
  ])('broken by %j', (discarded, words) => {
    const report = silence({ discarded });
    expect(report.discarded).toEqual(discarded);
    expect(report.hint).toContain(words);
  });

  test.each([
    ['EADDRNOTAVAIL', 'source address'],
    ['ENETUNREACH', 'no route'],
    ['EPERM', 'firewall on the relay'],
    ['EMSGSIZE', 'refused to send (EMSGSIZE)'],
  ])('of the relay’s own making: %s', (localError, words) => {
    expect(silence({ localError }).hint).toContain(words);
  });
});
