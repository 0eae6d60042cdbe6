// Text that a person writes and others read: reasons, names of users, issuers. One line of visible characters.

import { withoutTrailing } from './trailing.ts';

/**
 * Controls, marks without width, marks that turn the direction of what follows, ends of lines and of paragraphs,
 * fillers that look like nothing, halves of a character (Unicode categories Cc, Cf, Zl, Zp and Cs;
 * Default_Ignorable_Code_Point of UAX 44). Variation selectors stay: they choose between two looks of one emoji.
 */
const DOES_NOT_SHOW = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u2800]|(?![\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}/u;
const ALL_THAT_DO_NOT_SHOW = new RegExp(DOES_NOT_SHOW, 'gu');
/** What an editor or a shell leaves at the ends. */
const BLANKS = ' \t\r\n';

export type PlainLine = { readonly text: string } | { readonly problem: string };

/**
 * @param longest UTF-16 code units, blanks at the ends included
 * @returns the text without blanks at its ends; or what is wrong with it and what to do, to stand behind the name of
 * its field
 */
export function readPlainLine(value: unknown, longest: number): PlainLine {
  const isTooLong = typeof value === 'string' && value.length > longest;
  const text = typeof value === 'string' && !isTooLong ? withoutTrailing(value, BLANKS).replace(/^[ \t\r\n]+/, '') : '';
  const hidden = DOES_NOT_SHOW.exec(text)?.[0];
  if (hidden !== undefined) {
    const code = (hidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return {
      problem: `holds the character U+${code}, which does not show: write it in one line, without that character`,
    };
  }
  if (text.trim() === '') return { problem: `must be text of 1 to ${longest} characters, in one line` };
  return { text };
}

/** Of what others wrote: a blank in place of each character that would not show. */
export function showable(text: string): string {
  return text.replaceAll(ALL_THAT_DO_NOT_SHOW, ' ');
}
