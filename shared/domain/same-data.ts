// Whether two values made of texts, numbers, lists and plain objects say the same.

/** What JSON can hold; a field that is `undefined` is another thing than one that is not there. */
export function sameData(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const fields = Object.keys(a);
  return (
    fields.length === Object.keys(b).length &&
    fields.every((field) => Object.hasOwn(b, field) && sameData(a[field as keyof typeof a], b[field as keyof typeof b]))
  );
}
