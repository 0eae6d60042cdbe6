// Lists of MAC addresses from files: every notation is one address, a line that is none is named, and a policy finds
// its lists.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPolicy } from '../../../../shared/adapters/yaml/read-policy.ts';
import {
  LARGEST_MAC_LIST,
  listsNamedIn,
  MOST_ADDRESSES,
  MOST_LISTS,
  readMacList,
} from '../../../../shared/domain/policy/mac-list.ts';
import { macDigits, macSet } from '../../../../shared/domain/policy/mac-set.ts';
import { evaluatePolicy } from '../../../../shared/domain/policy/policy.ts';
import { someFacts } from '../../../support/policy-facts.ts';

describe('a file', () => {
  test('of one address a line, in any notation, with remarks, descriptions and any line ending', () => {
    const file =
      '\ufeff# printers\r\n00:11:22:33:44:55\r\n\r\n0011.2233.4466 # second floor\n00-11-22-33-44-77,HP LaserJet;x\r' +
      '"00 11 22 33 44 88"\t"Zürich"\n001122334499\n  0:1:2:3:4:5  ; short\n00:11:23:*:*:*\n0011.24\nA0-B1-C2-xx-xx-xx\n';
    expect(readMacList(file)).toEqual({
      digits: [
        '000102030405',
        '001122334455',
        '001122334466',
        '001122334477',
        '001122334488',
        '001122334499',
        '001123',
        '001124',
        'a0b1c2',
      ],
      problems: [],
    });
  });

  test('names the line of each entry that is no address', () => {
    const { problems } = readMacList('00:11:22:33:44:55\nprinter\n\n0011\n00:11:22:33:44:55:66\n٠٠:11:22:33:44:55\n');
    expect(problems.map(({ line }) => line)).toEqual([2, 4, 5, 6]);
    expect(problems[0]?.problem).toMatch(/^"printer" is no MAC address/);
  });

  test('in UTF-16 read as UTF-8 has a problem, not an empty list', () => {
    const { problems } = readMacList(Buffer.from('00:11:22:33:44:55\n', 'utf16le').toString('utf8'));
    expect(problems[0]?.line).toBe(1);
  });

  test.each(['', '\n\n', '# nothing but a remark\n', ',,,\n'])('without an address is no list: %j', (file) => {
    expect(readMacList(file).problems).toMatchObject([{ line: 1 }]);
  });

  test('has an end to its addresses, its characters and its problems', () => {
    const addresses = (count: number): string =>
      Array.from(
        { length: count },
        (_, n) =>
          `00:11:${(n + 0x1000000)
            .toString(16)
            .padStart(8, '0')
            .replace(/..(?=.)/g, '$&:')}`,
      ).join('\n');
    expect(readMacList(addresses(MOST_ADDRESSES))).toMatchObject({ digits: { length: MOST_ADDRESSES }, problems: [] });
    expect(readMacList(addresses(MOST_ADDRESSES + 1)).problems).toMatchObject([{ line: MOST_ADDRESSES + 1 }]);
    expect(readMacList(`${'#'.repeat(LARGEST_MAC_LIST)}\n`).problems).toHaveLength(1);
    expect(readMacList('x\n'.repeat(100_000)).problems).toHaveLength(50);
  });
});

test.each([
  ['00:11:22:33:44:55/24', '001122'],
  ['0011.2200.0000/28', '0011220'],
  ['00:11:22:00:00:00/ff:ff:ff:00:00:00', '001122'],
  ['0011.2233.4455/ffff.ffff.ffff', '001122334455'],
  ['001122??????', '001122'],
  ['00-11-22-XX-XX-XX', '001122'],
  ['00:11:22:33:44:55/20', undefined],
  ['00:11:22:33:44:55/23', undefined],
  ['00:11:22:33:44:55/52', undefined],
  ['00:11:22:33:44:55/00:ff:ff:00:00:00', undefined],
  ['00:11:22:33:44:55/24/24', undefined],
  ['00:*:22:33:44:55', undefined],
  ['*', undefined],
  ['xx:xx:xx:xx:xx:xx', undefined],
])('%s begins with %s', (written, digits) => {
  expect(macDigits(written)).toBe(digits);
});

describe('a policy that names lists', () => {
  const policy = (when: string): string =>
    `roles: { printers: { vlan: 40 }, rest: { vlan: 666 } }\nrules:\n  - { name: printers, when: { ${when} }, permit: printers }\n  - { name: rest, permit: rest }\n`;
  const macLists = new Map([['printers-7', macSet(['001122', 'a0b1c2d3e4f5'], 'printers-7')]]);
  const decided = (when: string, facts: object): string =>
    evaluatePolicy(
      readPolicy(policy(when), { version: 'v', macLists }),
      someFacts({ standing: 'notEnrolled', ...facts }),
    ).rule;

  test.each(['macAddress: list:printers-7', 'macAddress: [ffeedd, "list:printers-7"]'])('%s', (when) => {
    expect(decided(when, { methods: ['mab'], mac: '001122aabbcc' })).toBe('printers');
    expect(decided(when, { methods: ['mab'], mac: 'a0b1c2d3e4f5' })).toBe('printers');
    expect(decided(when, { methods: ['mab'], mac: 'a0b1c2d3e4f6' })).toBe('rest');
    expect(decided(when, { methods: ['peap'], mac: '001122aabbcc' })).toBe('rest');
    expect(decided(when, { methods: ['eap-tls'], mac: '001122aabbcc' })).toBe('rest');
  });

  test('that are not there is refused with the place, and so is a name that cannot be one', () => {
    for (const name of ['list:printers-8', '"list:"', 'list:UPPER', "'list: printers-7'", 'list:../state']) {
      const read = () => readPolicy(policy(`macAddress: [${name}]`), { version: 'v', macLists });
      expect(read, name).toThrow(/policy\.yaml:3:\d+ rules\[0\]\.when\.macAddress\[0\]: is no list/);
    }
    expect(() => readPolicy(policy('macAddress: list:printers-7'), { version: 'v' })).toThrow(
      'is no list in the store',
    );
    expect(() => readPolicy(policy('macAddress: list:Printers'), { version: 'v', macLists: 'unchecked' })).toThrow(
      'is no list',
    );
  });

  test('finds every list that the reader would ask for', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: MOST_LISTS }), fc.boolean(), (names, inline) => {
        const items = names.map((each) => `'list:${each}'`);
        const written = inline ? `[${items.join(', ')}]` : `\n      - ${items.join('\n      - ')}`;
        expect(listsNamedIn(`rules:\n  - when:\n      macAddress: ${written}\n`)).toEqual(names);
      }),
    );
    expect(listsNamedIn('a: list:a\n  # b: list:b\n#list:c\nd: list:d # list:e\n')).toEqual(['a', 'd', 'e']);
    const many = Array.from({ length: 100 }, (_, n) => `list:l${n}`);
    expect(listsNamedIn(many.join(' ')).length).toBe(MOST_LISTS + 1);
  });
});
