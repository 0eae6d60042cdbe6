// A computer's name, in the ways Windows and certificates write it.

/**
 * The comparable names a text may mean, lower case: the whole and, of a name with domain, its first label. Understands
 * `LT-0042`, `lt-0042.contoso.com`, `host/lt-0042.contoso.com`, `CONTOSO\LT-0042$` and `LT-0042$@contoso.com`.
 * Empty when the text cannot be a computer's name.
 */
export function computerNames(text: string): string[] {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/^host\//, '')
    .replace(/^[^\\]{1,64}\\/, '')
    .replace(/\$(?:@.*)?$/, '');
  // Intune allows blanks and apostrophes in device names (`Anna’s iPhone`), but nothing a key or a log could choke on.
  if (name === '' || name.length > 255 || /[\p{Cc}\\/@$]/u.test(name)) return [];
  const [label = ''] = name.split('.');
  return label === '' || label === name ? [name] : [name, label];
}

/** The name of a computer account that the site authenticated: `host/…` or with a dollar sign; a person's gives nothing. */
export function computerAccountNames(userName: string): string[] {
  return /^host\/|\$(?:@[^@]*)?$/i.test(userName.trim()) ? computerNames(userName) : [];
}
