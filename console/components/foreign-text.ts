// Text that a device, a user or a switch gave itself: made safe to read. Control characters and those that turn the
// direction of writing are shown by name, so that no name can pass for another.

/** Characters that are shown; an FQDN and a RADIUS attribute have no more. */
export const LONGEST_FOREIGN = 253;

/** Other than a blank: controls, marks of direction, isolates, invisible joiners, line separators. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/u;

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
  for (const character of characters.slice(0, LONGEST_FOREIGN)) {
    if (!HIDDEN.test(character)) {
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
