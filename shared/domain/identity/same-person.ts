// Whether a name may be that of a person whom an operator named: for a block, which one must not get past by another
// spelling of one's own name.

/**
 * Which person a name may be of: equal texts may be one person, the empty text is none.
 *
 * Realms say nothing here: one account of a directory signs in as `jane@contoso.com`, `jane@corp.contoso.local`,
 * `CORP\jane`, `corp.contoso.local\jane`, `CORP/jane`, `jane%corp` and `jane`, and no list of them is ever complete. So
 * the part that names the person counts alone, as a directory compares it; a person of another organisation with the
 * same name is blocked, too, and that is seen at once.
 */
export function personPart(text: string): string {
  const folded = asDirectoriesCompare(text);
  // `host/…` is a computer, not a person. FreeRADIUS doubles a backslash where it expands a name.
  const separators = folded.startsWith('host/') ? /^[^\\]*\\+/ : /^[^\\/]*[\\/]+/;
  const behind = folded.replace(separators, '');
  return (/^[^@%]+/.exec(behind)?.[0] ?? '').trim();
}

/**
 * Active Directory finds a name without regard to case, accents, width and marks that do not show, and takes ß for ss
 * (Microsoft, "LCMapStringEx": NORM_IGNORECASE, NORM_IGNORENONSPACE, NORM_IGNOREWIDTH).
 */
function asDirectoriesCompare(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text.toLowerCase().trim();
  // Twice: a letter taken apart may have a capital that the whole one has not.
  return withoutCaseAndMarks(withoutCaseAndMarks(text)).trim();
}

/** Small, capital and small again: ẞ has ß as its small letter, and only ß has SS as its capital. */
function withoutCaseAndMarks(text: string): string {
  const small = text.toLowerCase().toUpperCase().toLowerCase();
  return small
    .normalize('NFKD')
    .replaceAll(/[\p{M}\p{Cf}]/gu, '')
    .toLowerCase();
}
