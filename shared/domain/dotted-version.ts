// Versions as operating systems have them: numbers with dots, `10.0.19045.3803`, and sometimes a word after them.

export type DottedVersion = readonly number[];

/** The numbers the text begins with; `undefined` for none, more or longer ones: half a version is another. */
export function parseDottedVersion(text: string): DottedVersion | undefined {
  const match = /^\d{1,9}(?:\.\d{1,9}){0,9}(?!\.?\d)/.exec(text.trim());
  return match?.[0].split('.').map(Number);
}

/** Negative when `a` is the older; what is not written counts as 0, so 17 and 17.0 are the same. */
export function compareVersions(a: DottedVersion, b: DottedVersion): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
