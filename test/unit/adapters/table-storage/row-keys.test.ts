// Keys of rows: allowed characters, no two things under one key, and the list of tables at the head of the file.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  changeRow,
  deviceRow,
  fleetPartRow,
  fleetRow,
  identityRow,
  prefixFilter,
  type RowKey,
  runRow,
  sessionOfDeviceRow,
  sessionRow,
  sessionsOfDevicePrefix,
  sweepStateRow,
  taskRow,
} from '../../../../shared/adapters/table-storage/row-keys.ts';
import { TABLE_NAMES } from '../../../../shared/adapters/table-storage/tables.ts';
import { SHARDS } from '../../../../shared/domain/device/device.ts';
import type { IdentityKind } from '../../../../shared/domain/identity/identity.ts';

test('the head of the file lists every table', () => {
  const file = join(import.meta.dirname, '../../../../shared/adapters/table-storage/row-keys.ts');
  const listed = [...readFileSync(file, 'utf8').matchAll(/^\/\/ ([a-z]+) {2,}\S/gm)].map(([, table]) => table);
  expect(listed.toSorted()).toEqual([...TABLE_NAMES].toSorted());
});

const KEY = { source: 'intune', id: '705c034c-034c-705c-4c03-5c704c035c70' };
const SESSION = '0123456789abcdef0123';

const kind = fc.constantFrom<IdentityKind>('mac', 'entraDeviceId', 'name', 'serialNumber', 'imei', 'meid', 'udid');
/** Values as users and makers choose them: any text, and text that is close to being a key of its own. */
const value = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.string({ minLength: 1, maxLength: 400 }),
  fc.stringMatching(/^[a-z|~/\\#?%' ]{1,6}$/),
);
const anyIdentity = fc.record({ kind, value });

/** What the Table service refuses in a key: `/ \ # ?`, control characters, more than 1 KiB. */
function expectAllowed({ partitionKey, rowKey }: RowKey): void {
  for (const key of [partitionKey, rowKey]) {
    expect(key).not.toMatch(/[/\\#?\p{Cc}]/u);
    expect(key.length).toBeLessThan(512);
  }
}

describe('the row of an identity', () => {
  test('has an allowed key, whatever a user called the device', () => {
    fc.assert(
      fc.property(anyIdentity, (identity) => expectAllowed(identityRow(identity))),
      { numRuns: 500 },
    );
  });

  test('is another one for every other identity', () => {
    fc.assert(
      fc.property(anyIdentity, anyIdentity, (a, b) => {
        fc.pre(a.kind !== b.kind || a.value !== b.value);
        expect(identityRow(a)).not.toEqual(identityRow(b));
      }),
      { numRuns: 500 },
    );
  });

  test('is not taken by a name that looks like another name’s key', () => {
    const hostile = { kind: 'name', value: 'a/b' } as const;
    const pretender = { kind: 'name', value: identityRow(hostile).rowKey.slice('name|'.length) } as const;
    expect(identityRow(pretender).rowKey).not.toBe(identityRow(hostile).rowKey);
  });

  test('has a key of allowed length for a name of any length', () => {
    expectAllowed(identityRow({ kind: 'name', value: 'x'.repeat(10_000) }));
  });

  test('shows a MAC address as it is, for people who look into the table', () => {
    expect(identityRow({ kind: 'mac', value: 'a0b1c2d3e4f5' }).rowKey).toBe('mac|a0b1c2d3e4f5');
  });
});

describe('the rows of a device', () => {
  test('and of its changes are in one partition, so that one transaction holds both', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/), fc.nat(), (id, version) => {
        const key = { source: 'intune', id };
        expect(changeRow(key, version).partitionKey).toBe(deviceRow(key).partitionKey);
        expectAllowed(deviceRow(key));
        expectAllowed(changeRow(key, version));
      }),
    );
  });

  test('sort its changes oldest first', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (a, b) => {
        expect(changeRow(KEY, a).rowKey < changeRow(KEY, b).rowKey).toBe(a < b);
      }),
    );
  });
});

test('a session, and the way from a device to it, are in one partition', () => {
  expect(sessionOfDeviceRow(KEY, SESSION).partitionKey).toBe(sessionRow(SESSION).partitionKey);
  expect(sessionOfDeviceRow(KEY, SESSION).rowKey.startsWith(sessionsOfDevicePrefix(KEY))).toBe(true);
  expectAllowed(sessionRow(SESSION));
});

test('the newest run is the first row', () => {
  const day = fc.date({ min: new Date('2000-01-01'), max: new Date('2200-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(day, day, (a, b) => {
      fc.pre(a.getTime() !== b.getTime());
      const [first, second] = [a, b].map((at) => runRow('intune', at.toISOString(), 'x').rowKey);
      expect((first ?? '') < (second ?? '')).toBe(a > b);
    }),
  );
});

test('every shard has a row of its own in the fleet index', () => {
  expect(new Set(SHARDS.map((shard) => fleetRow('intune', shard).rowKey)).size).toBe(16);
});

describe('the filter for a prefix', () => {
  /** Reads the filter as the Table service does: text in quotes, two quotes for one. */
  function parse(filter: string): { partition: string; from: string; before: string } {
    const match =
      /^PartitionKey eq '((?:[^']|'')*)' and RowKey ge '((?:[^']|'')*)' and RowKey lt '((?:[^']|'')*)'$/.exec(filter);
    const [partition, from, before] = (match ?? []).slice(1).map((text) => text.replaceAll("''", "'"));
    return { partition: partition ?? '', from: from ?? '', before: before ?? '' };
  }

  test('takes exactly the rows whose key starts with it', () => {
    const text = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', 'b', '|', '}', '{', "'", '~') });
    fc.assert(
      fc.property(text, text, (prefix, row) => {
        const { from, before } = parse(prefixFilter('p0', prefix));
        expect(row >= from && row < before).toBe(row.startsWith(prefix));
        expect(prefix + row >= from && prefix + row < before).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('cannot be left by a quote', () => {
    const filter = prefixFilter("p'0", "x' or RowKey ge '");
    expect(parse(filter)).toMatchObject({ partition: "p'0", from: "x' or RowKey ge '" });
  });

  test('of one device takes no session of a device whose id only begins the same', () => {
    const { from, before } = parse(prefixFilter('p0', sessionsOfDevicePrefix({ source: 'intune', id: 'abc' })));
    const other = sessionOfDeviceRow({ source: 'intune', id: 'abcd' }, SESSION).rowKey;
    expect(other >= from && other < before).toBe(false);
  });
});

describe('the state of a source', () => {
  const keysOf = (source: string): RowKey[] => [
    sweepStateRow(source),
    runRow(source, '2026-11-30T00:00:00.000Z', 'x'),
    fleetRow(source, '0'),
    fleetPartRow(source, '0', 'part'),
    taskRow('mass-change', source),
  ];

  test('stands where it stood before there were several, if it is the first one', () => {
    expect(keysOf('intune').map(({ partitionKey }) => partitionKey)).toEqual([
      'sweep',
      'sweep',
      'fleet',
      'fleet',
      'task|mass-change',
    ]);
  });

  test('is in no row of another one', () => {
    const all = ['intune', 'meraki', 'mass-change', 'state'].flatMap(keysOf);
    expect(new Set(all.map(({ partitionKey, rowKey }) => `${partitionKey} ${rowKey}`)).size).toBe(all.length);
    for (const key of all) expectAllowed(key);
  });
});
