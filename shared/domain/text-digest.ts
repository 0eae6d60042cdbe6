// A few digits that stand for a text.

import { hash } from 'node:crypto';

/** @param digits hexadecimal, 64 at most */
export function textDigest(text: string, digits: number): string {
  return hash('sha256', text).slice(0, digits);
}
