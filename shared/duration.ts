// Reads a length of time as operators write it: `90s`, `15m`, `2h`.

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds; a plain number counts in `unit`. `undefined` when the text is no length of time. */
export function parseDuration(text: string, unit: keyof typeof UNITS = 's'): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)\s*(ms|s|m|h|d)?$/i.exec(text.trim());
  if (!match) return undefined;
  return Math.round(Number(match[1]) * UNITS[(match[2]?.toLowerCase() as keyof typeof UNITS | undefined) ?? unit]);
}
