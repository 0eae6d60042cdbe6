// A list of MAC addresses from a file: one a line, with or without a description.

import { LONGEST_VERSION_NAME } from '../version-activation.ts';
import { macDigits } from './mac-set.ts';

/**
 * Characters of a file, and addresses in it. A policy may name several lists, and an instance reads them before its
 * first answer.
 */
export const LARGEST_MAC_LIST = 1_000_000;
export const MOST_ADDRESSES = 20_000;
/** More would be of no use to a person, and a long answer to a short question. */
const MOST_PROBLEMS = 50;
const SHOWN_OF_LINE = 40;

export interface MacListProblem {
  /** Counts from 1. */
  readonly line: number;
  readonly problem: string;
}

/** A list as it is kept: digits of addresses and beginnings, sorted, each once. */
export interface MacListText {
  readonly digits: readonly string[];
  readonly problems: readonly MacListProblem[];
}

/**
 * Empty lines, and what stands behind `#`, are left out; so is what follows a comma, a semicolon or a tab (an export
 * with a description in its second column).
 */
export function readMacList(text: string): MacListText {
  if (text.length > LARGEST_MAC_LIST) {
    return { digits: [], problems: [{ line: 1, problem: `The file has more than ${LARGEST_MAC_LIST} characters.` }] };
  }
  const found = new Set<string>();
  const problems: MacListProblem[] = [];
  let line = 0;
  for (const written of text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)) {
    line += 1;
    if (written === '') continue;
    const entry = entryOf(written);
    if (entry === '') continue;
    const digits = macDigits(entry);
    if (digits === undefined) problems.push({ line, problem: noAddress(entry) });
    else found.add(digits);
    if (found.size > MOST_ADDRESSES)
      problems.push({ line, problem: `More than ${MOST_ADDRESSES} addresses: split the file.` });
    if (found.size > MOST_ADDRESSES || problems.length >= MOST_PROBLEMS) break;
  }
  if (found.size === 0 && problems.length === 0)
    problems.push({ line: 1, problem: 'There is no address in the file.' });
  return { digits: [...found].sort(), problems };
}

function entryOf(line: string): string {
  const entry = (/^[^#,;\t]*/.exec(line.trim())?.[0] ?? '').trim();
  return /^"[^"]*"$|^'[^']*'$/.test(entry) ? entry.slice(1, -1).trim() : entry;
}

function noAddress(entry: string): string {
  const shown = JSON.stringify(entry.slice(0, SHOWN_OF_LINE).replaceAll('\0', '').toWellFormed());
  return `${shown} is no MAC address and no beginning of one: 6 to 12 hexadecimal digits, e.g. 00:11:22 or 00-11-22-33-44-55.`;
}

/** How a policy writes that a list is meant, e.g. `list:printers-7`. */
export const LIST_PREFIX = 'list:';
/** A policy may name so many lists. */
export const MOST_LISTS = 10;

/** Names a list may have, as for a version of the policy. */
export function isMacListName(text: string): boolean {
  return text.length <= LONGEST_VERSION_NAME && /^[a-z0-9][a-z0-9._-]*$/.test(text);
}

/**
 * The lists that the text of a policy names, before it is read as YAML; one in a comment behind a value counts, too.
 * @returns at most one more than a policy may name
 */
export function listsNamedIn(policyText: string): string[] {
  const names = new Set<string>();
  const text = policyText.replace(/^[ \t]*#.*$/gm, '');
  for (const [, name = ''] of text.matchAll(/list:([a-z0-9][a-z0-9._-]{0,63})(?![a-z0-9._-])/g)) {
    names.add(name);
    if (names.size > MOST_LISTS) break;
  }
  return [...names];
}
