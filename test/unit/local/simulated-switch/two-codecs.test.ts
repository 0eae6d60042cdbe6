// Relay and simulated switch read and sign packets with code of their own: what the one signs, the other finds
// genuine, and each octet that is changed on the way spoils it. radclient of FreeRADIUS is a third opinion
// (integration/simulated-switch).

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeCoaAnswer } from '../../../../local/simulated-switch/encode-coa-answer.ts';
import { readCoaRequest } from '../../../../local/simulated-switch/read-coa-request.ts';
import type { Attribute } from '../../../../relay/radius/attribute-table.ts';
import { verifyAnswer } from '../../../../relay/radius/verify-answer.ts';
import { encodeRequest } from '../../../support/encode-request.ts';

const NOW = new Date('2026-03-01T10:00:00Z');

const attributes = fc.array(
  fc.oneof<fc.Arbitrary<Attribute>[]>(
    fc.tuple(fc.constantFrom('User-Name', 'Acct-Session-Id', 'NAS-Identifier'), fc.stringMatching(/^[ -~]{1,60}$/)),
    fc.tuple(fc.constant('Cisco-AVPair'), fc.stringMatching(/^[a-z-]{1,20}=[ -~]{0,60}$/)),
    fc.tuple(fc.constant('NAS-Port'), fc.nat({ max: 0xffff_ffff })),
    fc.ipV4().map((address) => ['NAS-IP-Address', address]),
  ),
  { maxLength: 12 },
);
const request = fc.record({
  packet: fc.constantFrom('CoA-Request' as const, 'Disconnect-Request' as const),
  identifier: fc.nat({ max: 255 }),
  secret: fc.uint8Array({ minLength: 1, maxLength: 80 }).map((octets) => Buffer.from(octets)),
  messageAuthenticator: fc.boolean(),
  attributes,
});
const answer = fc.oneof(
  fc.constant({ kind: 'ack' as const }),
  fc.record({ kind: fc.constant('nak' as const), errorCause: fc.constantFrom(401, 402, 403, 404, 407, 503) }),
);

test('a request of the relay is genuine to the switch, with all that it carries', () => {
  fc.assert(
    fc.property(request, (sent) => {
      const verdict = readCoaRequest(encodeRequest(sent), sent.secret, NOW);
      const { packet, identifier, messageAuthenticator } = sent;
      expect(verdict).toMatchObject({ ok: true, request: { packet, identifier, messageAuthenticator } });
      const received = verdict.ok ? verdict.request.attributes : [];
      expect(received.length).toBe(sent.attributes.length + (messageAuthenticator ? 1 : 0));
      for (const [name, value] of sent.attributes) {
        if (name === 'User-Name')
          expect(received.some((one) => one.type === 1 && String(one.value) === value)).toBe(true);
      }
    }),
  );
});

test('an answer of the switch is genuine to the relay, and says the same', () => {
  fc.assert(
    fc.property(request, answer, (sent, said) => {
      const datagram = encodeRequest(sent);
      const verdict = readCoaRequest(datagram, sent.secret, NOW);
      if (!verdict.ok) throw new Error(verdict.problem);
      const reply = encodeCoaAnswer(verdict.request, said, sent.secret);
      expect(verifyAnswer({ request: datagram, datagram: reply, secret: sent.secret })).toMatchObject({
        ok: true,
        answer: {
          kind: said.kind,
          messageAuthenticator: sent.messageAuthenticator ? 'valid' : 'absent',
          ...(said.kind === 'nak' && { errorCause: expect.objectContaining({ code: said.errorCause }) }),
        },
      });
    }),
  );
});

test('no octet of a request can be changed on the way', () => {
  fc.assert(
    fc.property(request, fc.nat(), fc.integer({ min: 1, max: 255 }), (sent, position, change) => {
      const datagram = encodeRequest(sent);
      const at = position % datagram.length;
      datagram[at] = (datagram[at] ?? 0) ^ change;
      expect(readCoaRequest(datagram, sent.secret, NOW).ok).toBe(false);
    }),
  );
});
