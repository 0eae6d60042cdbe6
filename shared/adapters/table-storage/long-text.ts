// A text longer than one column of the Table service can hold, in several: `text0`, `text1` …

/** A text column holds 32,768 characters (64 KiB of UTF-16). */
const LARGEST_TEXT = 32_000;

export function textColumns(text: string): { readonly columns: number } & Record<string, string | number> {
  const columns: Record<string, string> = {};
  for (let start = 0; start < text.length; start += LARGEST_TEXT) {
    columns[`text${start / LARGEST_TEXT}`] = text.slice(start, start + LARGEST_TEXT);
  }
  return { columns: Object.keys(columns).length, ...columns };
}

export function textOfColumns(row: Readonly<Record<string, unknown>> & { readonly columns: number }): string {
  return Array.from({ length: row.columns }, (_, index) => String(row[`text${index}`] ?? '')).join('');
}
