// Reads one field of a device in Cisco's MDM dialect: what was said, once or several times, as one value.

import type { Fields } from './read-dialect.ts';

export type FieldReading<T> =
  | { readonly value: T; readonly problem?: undefined }
  /** Nothing was said. */
  | { readonly value?: undefined; readonly problem?: undefined }
  /** It makes no sense, or contradicts itself. */
  | { readonly value?: undefined; readonly problem: string };

/**
 * @param name in lower case
 * @param read gives `undefined` for what makes no sense
 */
export function readField<T>(fields: Fields, name: string, read: (text: string) => T | undefined): FieldReading<T> {
  const values = new Set<T>();
  for (const text of fields.get(name) ?? []) {
    const value = read(text);
    if (value === undefined) return { problem: 'cannot be read' };
    values.add(value);
  }
  const [value] = values;
  if (value === undefined) return {};
  return values.size === 1 ? { value } : { problem: 'is said twice, differently' };
}

/** The words of the dialect, in any letter case, and the digits that some servers write. */
export function readFlag(text: string): boolean | undefined {
  if (/^(?:true|1)$/i.test(text)) return true;
  return /^(?:false|0)$/i.test(text) ? false : undefined;
}

/** A whole number that is not negative. */
export function readNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
