// Sorts rows of a table as people expect: numbers by size, text by the alphabet and by the numbers in it, what is absent
// last in both directions.

export type Direction = 'ascending' | 'descending';

const ORDER = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export function sorted<Row>(
  rows: readonly Row[],
  by: (row: Row) => string | number | undefined,
  direction: Direction,
): readonly Row[] {
  const sign = direction === 'ascending' ? 1 : -1;
  return rows.toSorted((one, other) => {
    const [left, right] = [by(one), by(other)];
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    if (typeof left === 'number' && typeof right === 'number') return sign * (left - right);
    return sign * ORDER.compare(String(left), String(right));
  });
}
