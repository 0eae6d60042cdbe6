// The text of a page is cut into the same records that a JSON parser finds.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MANAGED_DEVICE_PROPERTIES } from '../../../../shared/adapters/intune/managed-device.ts';
import { splitPage } from '../../../../shared/adapters/intune/split-page.ts';

const NEXT = 'https://graph.microsoft.com/v1.0/deviceManagement/managedDevices?$skiptoken=a%7Db';

/** What looks like the seams of a page, and must not pass for them. */
const SEAMS = [
  '}',
  '},{',
  '},{"id":"',
  '}],"@odata.nextLink":"',
  '"value":[',
  '\\',
  '"',
  '\\"',
  ']}',
  '{"id":"x"}',
  ',',
  '',
];
const text = fc.oneof(
  fc.string(),
  fc.array(fc.constantFrom(...SEAMS), { maxLength: 4 }).map((parts) => parts.join('')),
);
const plain = fc.oneof(text, fc.constant(null), fc.boolean(), fc.integer());
const recordOf = (value: fc.Arbitrary<unknown>) =>
  fc
    .tuple(fc.uuid(), fc.dictionary(fc.constantFrom(...MANAGED_DEVICE_PROPERTIES.slice(1)), value, { maxKeys: 5 }))
    .map(([id, fields]) => ({ id, ...fields }));
const envelope = fc.record(
  {
    '@odata.context': text,
    '@odata.count': fc.nat(),
    '@odata.nextLink': fc.oneof(fc.constant(NEXT), text),
  },
  { requiredKeys: [] },
);
/** Graph writes the next link behind the records; nothing says that it must. */
const pageOf = (records: fc.Arbitrary<unknown[]>) =>
  fc
    .tuple(envelope, records, fc.boolean())
    .map(([around, value, linkLast]) => (linkLast ? { ...around, value } : { value, ...around }));

/** As a connection may deliver it. */
function cutUp(body: string, sizes: Iterator<number>): string[] {
  const parts: string[] = [];
  for (let from = 0; from < body.length; from += parts.at(-1)?.length ?? 0) {
    parts.push(body.slice(from, from + sizes.next().value));
  }
  return parts;
}

describe('a page written as Graph writes it', () => {
  const page = pageOf(fc.array(recordOf(plain), { minLength: 1, maxLength: 8 }));

  test('is split into its very records, whatever they say', () => {
    fc.assert(
      fc.property(page, fc.infiniteStream(fc.integer({ min: 1, max: 60 })), (given, sizes) => {
        const { envelope: around, records } = splitPage(cutUp(JSON.stringify(given), sizes));
        expect(records?.map((record) => JSON.parse(record))).toEqual(given.value);
        expect(around).toEqual({ ...given, value: [] });
      }),
      { numRuns: 10_000 },
    );
  });

  test('that was cut off anywhere is no page', () => {
    fc.assert(
      fc.property(page, fc.nat(), fc.infiniteStream(fc.integer({ min: 1, max: 60 })), (given, at, sizes) => {
        const whole = JSON.stringify(given);
        const cut = whole.slice(0, at % whole.length);
        expect(() => splitPage(cutUp(cut, sizes))).toThrow(SyntaxError);
      }),
      { numRuns: 10_000 },
    );
  });

  test.each([
    '{"value":[{"id":"a","deviceName":"y}]}',
    '{"value":[{"id":"a"},{"id":"b","deviceName":"y}]}',
    '{"@odata.count":2,"value":[{"id":"a","deviceName":"}],\\"@odata.nextLink\\":\\"x}]}',
  ])('that was cut off within a name that looks like its end is no page: %s', (body) => {
    expect(() => splitPage([body])).toThrow(SyntaxError);
  });

  test('keeps each record’s text as it came, so that an untouched record stays the same text', () => {
    const one = '{"id":"a","deviceName":"L\\u00e9a","isEncrypted": true}';
    const other = '{"id":"b","deviceName":null}';
    expect(splitPage([`{"value":[${one},${other}],"@odata.nextLink":"${NEXT}"}`]).records).toEqual([one, other]);
  });
});

describe('a page written otherwise', () => {
  test.each([
    ['with white space', JSON.stringify({ value: [{ id: 'a', imei: '1' }, { id: 'b' }] }, undefined, 2)],
    ['without records', '{"value":[]}'],
    ['with records that begin differently', '{"value":[{"id":"a","imei":"1"},{"imei":"2","id":"b"}]}'],
    ['with an object in a record', '{"value":[{"id":"a","imei":{"a":"}"}},{"id":"b"}]}'],
    ['with a brace in a text', '{"value":[{"id":"a","imei":"}"},{"id":"b"}]}'],
    ['whose list is empty, beside another one', '{"x":{"value":[{"id":"c"}]},"value":[]}'],
    ['with two lists', '{"value":[{"id":"c"}],"value":[]}'],
    ['with a name that ends like the list’s', '{"x\\"value":[{"id":"c"}],"value":[]}'],
    ['whose list is not its own', '{"x":{"value":[{"id":"c"}]},"value":[{"id":"a"}]}'],
    ['with things that are no records', '{"value":[{"id":"a"},7,null,[{"id":"b"}],{"id":"c"}]}'],
  ])('%s has the records it has when it is parsed', (_, body) => {
    const { value } = JSON.parse(body) as { value: unknown[] };
    const isRecord = (record: unknown) => typeof record === 'object' && record !== null && !Array.isArray(record);
    const ids = value.map((record) => (isRecord(record) ? (record as { id: unknown }).id : null));
    const split = splitPage([body]).records?.map((record) => JSON.parse(record) as { id: unknown } | null);
    expect(split?.map((record) => record?.id ?? null)).toEqual(ids);
  });

  test('leaves a value that is no text, number or truth without what is in it', () => {
    const { records } = splitPage(['{"value":[{"id":"a","imei":{"b":[1]},"isEncrypted":true,"unasked":1}]}']);
    expect(records).toEqual(['{"id":"a","imei":[],"isEncrypted":true,"unasked":1}']);
  });

  test('for one brace in a name says of all other records what it says without', () => {
    const others = ['{"id":"b","wiFiMacAddress":"A0B1C2D3E4F5","imei":null}', '{"id":"c","isEncrypted":false}'];
    const named = (name: string) => splitPage([`{"value":[{"id":"a","deviceName":"${name}"},${others}]}`]).records;
    expect(named('}')?.slice(1)).toEqual(others);
    expect(named('-')?.slice(1)).toEqual(others);
  });

  test('may be nested deeper than any stack', () => {
    const depth = 200_000;
    const body = `{"value":[{"id":"a","deviceName":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}]}`;
    expect(splitPage([body]).records).toEqual(['{"id":"a","deviceName":[]}']);
  });

  test('may hold a record longer than any device has', () => {
    const records = [{ id: 'a', deviceName: 'x'.repeat(200_000) }, { id: 'b' }];
    const parts = JSON.stringify({ value: records }).match(/.{1,16384}/gs) ?? [];
    expect(splitPage(parts).records?.map((record) => JSON.parse(record))).toEqual(records);
  });

  test.each(['null', '7', '[]', '{}', '{"value":null}', '{"value":{"id":"a"}}'])('%s has no records', (body) => {
    expect(splitPage([body]).records).toBeUndefined();
  });
});
