// Which datagram is the genuine answer to a request.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifyAnswer } from '../../../../relay/radius/verify-answer.ts';
import { encodeRequest } from '../../../support/encode-request.ts';
import { errorCauseAttribute, type SignedAnswerOptions, signedAnswer } from './signed-answer.ts';

const SECRET = 'a-shared-secret';
const secret = Buffer.from(SECRET);
const coa = encodeRequest({ packet: 'CoA-Request', identifier: 17, secret, attributes: [['User-Name', 'alice']] });
const disconnect = encodeRequest({ packet: 'Disconnect-Request', identifier: 17, secret, attributes: [] });

const signed = (more: Partial<SignedAnswerOptions> = {}) =>
  signedAnswer({ request: coa, code: 44, secret: SECRET, ...more });

function reason(datagram: Uint8Array, request: Uint8Array = coa): string {
  const verdict = verifyAnswer({ request, datagram, secret });
  return verdict.ok ? verdict.answer.kind : verdict.reason;
}

describe('which code answers which request', () => {
  test.each([
    ['Disconnect-Request', disconnect, 41, 'ack'],
    ['Disconnect-Request', disconnect, 42, 'nak'],
    ['CoA-Request', coa, 44, 'ack'],
    ['CoA-Request', coa, 45, 'nak'],
  ] as const)('%s %#', (_name, request, code, kind) => {
    expect(reason(signed({ request, code }), request)).toBe(kind);
  });

  test.each([
    ['Disconnect-Request', disconnect, [41, 42]],
    ['CoA-Request', coa, [44, 45]],
  ] as const)('all others are refused, rightly signed or not: %s', (_name, request, right: readonly number[]) => {
    for (let code = 0; code < 256; code++) {
      if (!right.includes(code)) expect(reason(signed({ request, code }), request)).toBe('code');
    }
  });
});

test('the answer to another identifier is refused', () => {
  expect(reason(signed({ identifier: 18 }))).toBe('identifier');
});

test('the answer to another request with the same identifier is refused', () => {
  const other = encodeRequest({ packet: 'CoA-Request', identifier: 17, secret, attributes: [['User-Name', 'bob']] });
  expect(reason(signed({ request: other }))).toBe('authenticator');
});

test('datagrams without a whole header are too short', () => {
  const answer = signed();
  for (let length = 0; length < 20; length++) expect(reason(answer.subarray(0, length))).toBe('too-short');
});

test('cut off anywhere', () => {
  const answer = signed({ code: 45, messageAuthenticator: 'right', attributes: errorCauseAttribute(503) });
  for (let length = 20; length < answer.length; length++) expect(reason(answer.subarray(0, length))).toBe('length');
});

test.each([0, 1, 19, 4097, 65_535])('a length field of %i', (length) => {
  const answer = Buffer.concat([signed(), Buffer.alloc(70_000)]);
  answer.writeUInt16BE(length, 2);
  expect(reason(answer)).toBe('length');
});

test('a packet of 4096 octets is read, one more is not', () => {
  const filling = (total: number) => {
    const attributes = [];
    for (let left = total - 20; left > 0; ) {
      // Never leaves a single octet, which no attribute fits in.
      const length = left <= 255 ? left : Math.min(255, left - 2);
      attributes.push(Buffer.concat([Buffer.of(18, length), Buffer.alloc(length - 2, 'x')]));
      left -= length;
    }
    return Buffer.concat(attributes);
  };
  expect(reason(signed({ attributes: filling(4096) }))).toBe('ack');
  expect(reason(signed({ attributes: filling(4097) }))).toBe('length');
});

test('octets behind the packet are padding', () => {
  expect(reason(Buffer.concat([signed({ messageAuthenticator: 'right' }), Buffer.of(1, 2, 3)]))).toBe('ack');
});

describe('attributes', () => {
  test.each([
    ['type without length', [18]],
    ['length 0', [18, 0]],
    ['length 1', [18, 1]],
    ['past the end', [18, 4, 65]],
    ['past the end after a good one', [18, 3, 65, 18, 255, 65]],
    ['an Error-Cause of three octets', [101, 5, 0, 1, 247]],
    ['an Error-Cause of five octets', [101, 7, 0, 0, 0, 1, 247]],
  ])('%s', (_name, octets) => {
    expect(reason(signed({ code: 45, attributes: Buffer.from(octets) }))).toBe('attributes');
  });

  test('empty and unknown ones are let pass', () => {
    expect(reason(signed({ attributes: Buffer.from([18, 2, 200, 3, 1, 26, 4, 0, 0]) }))).toBe('ack');
  });

  test('of several Error-Causes the first counts', () => {
    const attributes = Buffer.concat([errorCauseAttribute(506), errorCauseAttribute(503)]);
    expect(verifyAnswer({ request: coa, datagram: signed({ code: 45, attributes }), secret })).toMatchObject({
      answer: { errorCause: { code: 506, name: 'Resources Unavailable' } },
    });
  });

  test('an undefined Error-Cause has its number for a name', () => {
    const attributes = errorCauseAttribute(4_294_967_295);
    expect(verifyAnswer({ request: coa, datagram: signed({ code: 45, attributes }), secret })).toMatchObject({
      answer: { errorCause: { code: 4_294_967_295, name: 'Error-Cause 4294967295' } },
    });
  });
});

describe('Message-Authenticator', () => {
  test('wrong, though the Response Authenticator is right', () => {
    expect(reason(signed({ messageAuthenticator: 'wrong' }))).toBe('message-authenticator');
  });

  test('twice', () => {
    const attributes = Buffer.concat([Buffer.of(80, 18), Buffer.alloc(16)]);
    expect(reason(signed({ messageAuthenticator: 'right', attributes }))).toBe('message-authenticator');
  });

  test.each([2, 17, 19])('of length %i', (length) => {
    const attributes = Buffer.concat([Buffer.of(80, length), Buffer.alloc(length - 2)]);
    expect(reason(signed({ attributes }))).toBe('message-authenticator');
  });

  test('over a zero authenticator: only where that is allowed', () => {
    const datagram = signed({ messageAuthenticator: 'zero' });
    expect(reason(datagram)).toBe('message-authenticator');
    const options = { request: coa, secret, legacyZeroMessageAuthenticator: true };
    expect(verifyAnswer({ ...options, datagram })).toMatchObject({
      ok: true,
      answer: { messageAuthenticator: 'legacy-zero' },
    });
    expect(verifyAnswer({ ...options, datagram: signed({ messageAuthenticator: 'wrong' }) }).ok).toBe(false);
    expect(verifyAnswer({ ...options, datagram: signed({ messageAuthenticator: 'right' }) })).toMatchObject({
      answer: { messageAuthenticator: 'valid' },
    });
  });
});

test('the datagram is not changed', () => {
  const datagram = signed({ messageAuthenticator: 'right' });
  const before = Buffer.from(datagram);
  verifyAnswer({ request: coa, datagram, secret, legacyZeroMessageAuthenticator: true });
  expect(datagram.equals(before)).toBe(true);
});

describe('whatever arrives, it never throws', () => {
  test('any octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (datagram, legacyZeroMessageAuthenticator) => {
        expect(verifyAnswer({ request: coa, datagram, secret, legacyZeroMessageAuthenticator }).ok).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });

  test('a header that fits, and any octets after it', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        (rest, digest) => {
          const datagram = Buffer.concat([Buffer.of(44, 17, 0, 0), digest, rest]);
          datagram.writeUInt16BE(datagram.length, 2);
          expect(reason(datagram)).toBe('authenticator');
        },
      ),
      { numRuns: 10_000 },
    );
  });

  test('any octets as attributes, rightly signed', () => {
    const attribute = fc
      .tuple(fc.constantFrom(18, 26, 80, 101, 255), fc.uint8Array({ maxLength: 40 }), fc.integer({ min: -3, max: 3 }))
      .map(([type, value, off]) => Buffer.concat([Buffer.of(type, Math.max(0, value.length + 2 + off)), value]));
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(attribute, { maxLength: 6 }).map((list) => Buffer.concat(list)),
    );
    fc.assert(
      fc.property(octets, (attributes) => {
        expect(['ack', 'attributes', 'message-authenticator']).toContain(reason(signed({ attributes })));
      }),
      { numRuns: 10_000 },
    );
  });
});
