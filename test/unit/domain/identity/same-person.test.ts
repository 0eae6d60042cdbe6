// Spellings of one person's name: a block takes all of them, and no other person's.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { personPart } from '../../../../shared/domain/identity/same-person.ts';

function mayBeSamePerson(one: string, other: string): boolean {
  return personPart(one) !== '' && personPart(one) === personPart(other);
}

const SPELLINGS = [
  'jane@contoso.com',
  'JANE@CONTOSO.COM',
  'jane@corp.contoso.local',
  'CORP\\jane',
  'corp.contoso.local\\Jane',
  'CORP\\\\jane',
  'CORP/jane',
  'jane%corp',
  'OTHER\\jane',
  'CORP\\jane@contoso.com',
  ' jane ',
  'ja\u0301ne@contoso.com',
  'jáne',
  'ｊａｎｅ@contoso.com',
  'ja\u00adne',
  'ja\u200bne@corp.contoso.local',
];

test.each(SPELLINGS)('%s is a spelling of every other one', (one) => {
  for (const other of SPELLINGS) expect(mayBeSamePerson(one, other)).toBe(true);
});

test.each([
  'janet',
  'jan',
  'jane.doe',
  'host/jane',
  'jane$',
  'x@jane',
  'jane\\x',
  '@contoso.com',
  'CORP\\',
  '',
  '\u0301',
])('%s is another one', (other) => {
  for (const one of SPELLINGS) expect(mayBeSamePerson(one, other)).toBe(false);
});

test('ß and ss, and i with and without dot, are one to a directory', () => {
  expect(mayBeSamePerson('strauß@contoso.com', 'CORP\\STRAUSS')).toBe(true);
  expect(mayBeSamePerson('strauß@contoso.com', 'STRAUẞ')).toBe(true);
  expect(mayBeSamePerson('İlker', 'ilker@contoso.com')).toBe(true);
});

test('no letter has a capital, a small letter or a second reading that is another person', () => {
  const letters = Array.from({ length: 0x11_0000 }, (_, point) => point)
    .filter((point) => point < 0xd800 || point > 0xdfff)
    .map((point) => String.fromCodePoint(point))
    .filter((one) => one.toUpperCase() !== one || one.toLowerCase() !== one || one.normalize('NFKD') !== one)
    .map((one) => `x${one}x`);
  const spellings = (one: string) => [one.toUpperCase(), one.toLowerCase(), personPart(one)];
  const other = letters.filter((one) => {
    const part = personPart(one);
    return part !== '' && !/[\\/@%]/.test(part) && spellings(one).some((spelling) => personPart(spelling) !== part);
  });
  expect(other).toEqual([]);
});

test('a part names the same person as the whole, whatever it is', () => {
  const name = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(...SPELLINGS, '\\', '@', 'a\\b\\c@d@e'),
  );
  fc.assert(
    fc.property(name, (one) => {
      const part = personPart(one);
      expect(part).toBe(part.trim());
      if (part !== '' && !/[\\/]/.test(part)) expect(personPart(`CORP\\${part}@contoso.com`)).toBe(part);
    }),
    { numRuns: 10_000 },
  );
});
