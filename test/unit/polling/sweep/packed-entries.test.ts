// Packed entries of the fleet index are read back as they were put in.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PackedEntries } from '../../../../shared/polling/sweep/packed-entries.ts';

interface Known {
  readonly fingerprint: number;
  readonly missed: number;
  readonly run: number;
}

const hex = (digits: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });
/** Few enough that they meet each other again, and many of them want the same slot. */
const hashOfShard = fc
  .tuple(fc.constantFrom('a000000', 'a123456'), hex(2))
  .map(([head, tail]) => `${head}0000000${tail}`);
const known = fc.record({
  fingerprint: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
  missed: fc.nat(255),
  run: fc.nat(65_535),
});
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ hash: hashOfShard, known }) },
  { weight: 1, arbitrary: fc.record({ hash: hashOfShard }) },
);

function contentOf(entries: PackedEntries): Map<string, Known> {
  return new Map(
    [...entries].map((entry) => {
      const hash = entries.hash(entry);
      expect(entries.find(hash)).toBe(entry);
      const fingerprint = entries.fingerprint(entry);
      return [hash, { fingerprint, missed: entries.missed(entry), run: entries.run(entry) }];
    }),
  );
}

test('entries are what was put in last, in memory and after they were packed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const entries = new PackedEntries();
      const expected = new Map<string, Known>();
      for (const { hash, known: put } of steps as { hash: string; known?: Known }[]) {
        const before = entries.find(hash);
        expect(before !== undefined).toBe(expected.has(hash));
        if (put) {
          const entry = before ?? entries.add(hash);
          entries.setFingerprint(entry, put.fingerprint);
          entries.setMissed(entry, put.missed);
          entries.setRun(entry, put.run);
          expected.set(hash, put);
        } else if (before !== undefined) {
          entries.remove(before);
          expected.delete(hash);
        }
      }
      expect(entries.size).toBe(expected.size);
      expect(contentOf(entries)).toEqual(expected);
      const packed = entries.pack();
      expect(packed.length).toBe(expected.size * 16);
      expect(contentOf(PackedEntries.unpack(packed, 'a'))).toEqual(expected);
    }),
  );
});

test('bytes of another shard, and those of an entry that was cut off, are left out', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const entries = PackedEntries.unpack(bytes, 'a');
      for (const entry of entries) expect(entries.hash(entry)).toMatch(/^a/);
      expect(entries.size).toBeLessThanOrEqual(Math.floor(bytes.length / 16));
    }),
  );
});

test('a device that was missed more often than a byte can say stays at the most', () => {
  const entries = new PackedEntries();
  const entry = entries.add('a000000000000001');
  entries.setMissed(entry, 256);
  expect(entries.missed(entry)).toBe(255);
});
