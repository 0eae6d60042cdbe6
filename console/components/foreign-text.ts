// Text that a device, a user or a switch gave itself: made safe to read. Control characters and those that turn the
// direction of writing are shown by name, so that no name can pass for another.

/** Characters that are shown; an FQDN and a RADIUS attribute have no more. */
export const LONGEST_FOREIGN = 253;

/**
 * What has no shape, or that of a blank: controls, marks of direction, isolates, invisible joiners, ends of lines,
 * fillers, selectors of a variation, blanks of other widths (Default_Ignorable_Code_Point of UAX 44).
 */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Variation_Selector}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u;
/** Behind an emoji they choose between two looks of it. */
const LOOKS_OF_EMOJI = /[\ufe0e\ufe0f]/u;
const EMOJI = /\p{Extended_Pictographic}/u;
const MARK = /\p{Mn}|\p{Me}/u;
/** Marks on one letter that any writing needs; more of them reach into other lines. */
const MOST_MARKS = 4;

export type ForeignPart = { readonly text: string } | { readonly hidden: string };

/** @returns pieces in order; `hidden` is the name of a character that has no shape, as `U+202E` */
export function foreignParts(value: string): readonly ForeignPart[] {
  const characters = [...value];
  const parts: ForeignPart[] = [];
  let run = '';
  const flush = (): void => {
    if (run !== '') parts.push({ text: run });
    run = '';
  };
  let marks = 0;
  for (const [index, character] of characters.slice(0, LONGEST_FOREIGN).entries()) {
    marks = MARK.test(character) ? marks + 1 : 0;
    const isLook = LOOKS_OF_EMOJI.test(character) && EMOJI.test(characters[index - 1] ?? '');
    if (isLook || (!HIDDEN.test(character) && marks <= MOST_MARKS)) {
      run += character;
      continue;
    }
    flush();
    parts.push({ hidden: nameOf(character) });
  }
  flush();
  if (characters.length > LONGEST_FOREIGN) parts.push({ text: '…' });
  return parts;
}

/** The same for places that take plain text alone: a title, the clipboard, a download. */
export function plainForeign(value: string): string {
  return foreignParts(value)
    .map((part) => ('text' in part ? part.text : `[${part.hidden}]`))
    .join('');
}

function nameOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
