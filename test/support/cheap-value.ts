// Values of every kind that JSON has, for ten thousand runs of a property: small, and so made in no time.

import fc from 'fast-check';

const one = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    '',
    ' ',
    '\0',
    '__proto__',
    'constructor',
    '%s',
    '\ud800',
    'é',
    {},
    [],
    [[]],
    { a: 1 },
  ),
  fc.constantFrom<unknown>(0, -0, -1, 1.5, 1e308, -1e-7, 2 ** 32, 2 ** 53, '0', '1e999', 'x'.repeat(300), '2026-13-45'),
  fc
    .integer({ min: -9, max: 99 })
    .map((number) => (number % 2 === 0 ? number : String.fromCharCode(number + 32).repeat(3))),
);

export const cheapValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: one },
  { weight: 1, arbitrary: fc.array(one, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('a', 'toString', '__proto__', 'id'), one, { maxKeys: 2 }) },
);
