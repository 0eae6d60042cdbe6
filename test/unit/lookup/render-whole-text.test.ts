// The whole answer as one line: what the FreeRADIUS sample reads, whatever stands in a decision.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Outcome, Permit } from '../../../shared/domain/policy/decision.ts';
import { MOST_VALUES, REPLY_ATTRIBUTES } from '../../../shared/domain/policy/reply-attributes.ts';
import type { LookupAnswer } from '../../../shared/lookup/answer-lookup.ts';
import { renderText, renderWholeText } from '../../../shared/lookup/render-answer.ts';

/**
 * The two patterns of `nac_read_answer` and `nac_read_pieces` in infra/freeradius/policy.d/nac_answer, written again.
 */
const LINE =
  /^permit role=[A-Za-z0-9_.-]{1,64} vlan=[A-Za-z0-9_.-]{1,64} timeout=[0-9]{1,7} class=[A-Za-z0-9_.-]{1,128}( [ A-Za-z0-9_.:/=-]{1,16000})?$/;
const PIECE =
  /^(?:acl|url|[A-Z][A-Za-z0-9]*-[A-Za-z0-9-]{1,38})=(?:[A-Za-z0-9_.:/-]|=(?:2[0-9A-F]|3[0-9A-F]|[46][1-9A-F]|40|5[0-9ABDEF]|7[0-9A-E]))+$/;

const PERMIT: Permit = { verdict: 'permit', role: 'staff', vlan: '10' };

function answer(outcome: Outcome): LookupAnswer {
  const decision = { id: '0123456789abcdef0123-mhz3k0001a2b3c4d', outcome } as LookupAnswer['decision'];
  return { decision, sessionTimeoutSeconds: 27_531, policyAgeSeconds: 0 };
}

function pieces(line: string): string[] {
  return line.split(' ').slice(5);
}

/** As `unescape` of FreeRADIUS reads it. */
function read(piece: string): [name: string, value: string] {
  const at = piece.indexOf('=');
  const value = piece.slice(at + 1).replaceAll(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number(`0x${hex}`)));
  return [piece.slice(0, at), value];
}

test('without more than role and VLAN it is the short line', () => {
  for (const outcome of [PERMIT, { verdict: 'deny' }] as const) {
    expect(renderWholeText(answer(outcome))).toBe(renderText(answer(outcome)));
  }
});

test('ACL, page and every value of every attribute follow, piece by piece', () => {
  const line = renderWholeText(
    answer({
      ...PERMIT,
      acl: 'ACL-7',
      redirectUrl: 'https://help.example/?a=1&b=2',
      attributes: { 'Cisco-AVPair': ['a=b', 'ip:inacl#1=permit ip any any'], 'Egress-VLANID': [7] },
    }),
  );
  expect(line).toBe(
    'permit role=staff vlan=10 timeout=27531 class=0123456789abcdef0123-mhz3k0001a2b3c4d acl=ACL-7 ' +
      'url=https://help.example/=3Fa=3D1=26b=3D2 Cisco-AVPair=a=3Db ' +
      'Cisco-AVPair=ip:inacl=231=3Dpermit=20ip=20any=20any Egress-VLANID=7',
  );
});

const NAMES = Object.keys(REPLY_ATTRIBUTES) as (keyof typeof REPLY_ATTRIBUTES)[];
const allowedText = fc
  .string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 247,
  })
  .filter((text) => !text.includes('%{') && !/[\\`]/.test(text));

test('whatever a policy may send is read back as it was', () => {
  const values = fc.tuple(fc.constantFrom(...NAMES), fc.array(allowedText, { minLength: 1, maxLength: 4 }), fc.nat());
  fc.assert(
    fc.property(allowedText, allowedText, fc.array(values, { maxLength: 8 }), (acl, redirectUrl, rows) => {
      const attributes = Object.fromEntries(
        rows.map(([name, texts, number]) => [name, REPLY_ATTRIBUTES[name] === 'number' ? [number] : texts]),
      );
      const line = renderWholeText(answer({ ...PERMIT, acl, redirectUrl, attributes }));
      expect(line).toMatch(LINE);
      expect(pieces(line).filter((piece) => !PIECE.test(piece))).toEqual([]);
      expect(pieces(line).map(read)).toEqual([
        ['acl', acl],
        ['url', redirectUrl],
        ...Object.entries(attributes).flatMap(([name, list]) => list.map((value) => [name, String(value)])),
      ]);
    }),
    { numRuns: 500 },
  );
});

test('whatever else stands in a stored decision is left out: the line stays in its form', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom('%{exec:/bin/id}', '`id`', '\\', '\n', ' role=admin', 'x'.repeat(65_536), '', 'Zürich'),
    fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  );
  const name = fc.oneof(hostile, fc.constantFrom<string>(...NAMES, 'Service-Type', 'control:Auth-Type', '__proto__'));
  const attributes = fc.dictionary(name, fc.array(fc.oneof(hostile, fc.double(), fc.bigInt()), { maxLength: 4 }));
  fc.assert(
    fc.property(hostile, hostile, attributes, (acl, redirectUrl, given) => {
      const line = renderWholeText(answer({ ...PERMIT, acl, redirectUrl, attributes: given } as unknown as Outcome));
      expect(line.startsWith(renderText(answer(PERMIT)))).toBe(true);
      expect(pieces(line).filter((piece) => !PIECE.test(piece))).toEqual([]);
      const named = pieces(line).map((piece) => read(piece)[0]);
      expect(named.filter((sent) => !['acl', 'url', ...NAMES].includes(sent))).toEqual([]);
    }),
    { numRuns: 10_000 },
  );
});

test('the largest answer that a policy may give fits into the line', () => {
  const long = Array.from({ length: 12 }, () => '='.repeat(247));
  // Of the shortest values there are most names: 9 octets hold one, MOST_VALUES an attribute.
  const short = Array.from({ length: MOST_VALUES }, () => '=');
  const many = Object.fromEntries(
    NAMES.filter((name) => REPLY_ATTRIBUTES[name] === 'text').map((name) => [name, short]),
  );
  for (const attributes of [{ 'Cisco-AVPair': long }, Object.fromEntries(Object.entries(many).slice(-11))]) {
    const line = renderWholeText(answer({ ...PERMIT, acl: '='.repeat(247), redirectUrl: '='.repeat(247), attributes }));
    expect(line).toMatch(LINE);
  }
});
