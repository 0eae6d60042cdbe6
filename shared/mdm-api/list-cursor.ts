// The integer by which a list goes on. Devices are in the order of their hashes, and the cursor is the first 31 bits of
// the next one's: so it holds for ever and in every instance, and whatever comes or goes between two pages, a device
// that stays on the list is given once.

import { SHARDS } from '../domain/device/device.ts';
import type { MdmDevice } from '../domain/mdm-documents.ts';
import type { NoncompliantEntry } from '../ports/noncompliant-index.ts';

/** Hexadecimal digits of a hash that the cursor stands for. */
const DIGITS = 8;

/** @param hash at least its first eight digits */
export function cursorOfHash(hash: string): number {
  return Number.parseInt(hash.slice(0, DIGITS), 16) >>> 1;
}

/** First digits of the first hash behind the cursor, that hash included. */
export function hashAt(cursor: number): string {
  return (cursor * 2).toString(16).padStart(DIGITS, '0');
}

/** The shards that hold what is behind the cursor, in order. */
export function shardsFrom(cursor: number): readonly string[] {
  return SHARDS.slice(SHARDS.indexOf(hashAt(cursor).charAt(0) as (typeof SHARDS)[number]));
}

export interface Page {
  readonly entries: readonly NoncompliantEntry[];
  /** Absent on the last one. */
  readonly next?: number;
}

/**
 * The first entries, never some alone of those that have one cursor.
 * @param known in order @param complete whether there is nothing behind the known ones
 */
export function pageOf(known: readonly NoncompliantEntry[], complete: boolean, most: number): Page {
  const beyond = known.length > most ? known[most] : complete ? undefined : known.at(-1);
  if (beyond === undefined) return { entries: known };
  const next = cursorOfHash(beyond.hash);
  const entries = known.filter(({ hash }) => cursorOfHash(hash) < next);
  // More than a page of one cursor does not occur: 31 bits are spread over a fleet.
  return entries.length > 0 ? { entries, next } : { entries: known, next: next + 1 };
}

/** What one entry gave: nothing, or a device by each of its keys. */
export interface Listed {
  readonly hash: string;
  readonly devices: readonly MdmDevice[];
}

/**
 * Ends the page where it would hold more than the asker takes: a device of many sources is listed by many keys. Of
 * entries that have one cursor all are given, or none.
 * @param listed in the order of their hashes
 * @param next of the whole page
 */
export function cutToSize(
  listed: readonly Listed[],
  most: number,
  next: number | undefined,
): { readonly devices: MdmDevice[]; readonly nextPage?: number } {
  let count = 0;
  const beyond = listed.find(({ devices }) => {
    count += devices.length;
    return count > most;
  });
  const cut = beyond && cursorOfHash(beyond.hash);
  const kept = cut === undefined ? listed : listed.filter(({ hash }) => cursorOfHash(hash) < cut);
  const devices = (kept.length > 0 ? kept : listed).flatMap((one) => one.devices);
  const nextPage = kept.length > 0 ? (cut ?? next) : next;
  return { devices, ...(nextPage !== undefined && { nextPage }) };
}
