// A computer's name, in the ways Windows, Android, Apple and certificates write it.

/** RFC 1035 3.1 allows 253 characters, Intune 256 for a device name; prefix and realm come on top. */
const LONGEST_NAME = 255;
const LONGEST_TEXT = 2 * LONGEST_NAME;

interface WrittenName {
  readonly name: string;
  /** The NetBIOS domain before the name, and the realm behind it, as far as they are there. */
  readonly given: readonly string[];
}

/**
 * The comparable names a text may mean, lower case: the whole and, of a name with domain, its first label. Understands
 * `LT-0042`, `lt-0042.contoso.com`, `host/lt-0042.contoso.com`, `CONTOSO\LT-0042$` and `LT-0042$@contoso.com`.
 * Empty when the text cannot be a computer's name. Takes time in proportion to the length of any text.
 * @param domains the organisation's own, lower case, where they are declared; a name to which another domain is given,
 * before or behind it, counts for nothing: the server may have asked that one
 */
export function computerNames(text: string, domains?: readonly string[]): string[] {
  const written = writtenName(text);
  if (written === undefined) return [];
  const { name, given } = written;
  if (domains && given.some((domain) => !domains.includes(domain))) return [];
  const dot = name.indexOf('.');
  if (dot <= 0) return dot === 0 ? [] : [name];
  const label = name.slice(0, dot);
  // Where domains are declared, a dot that no declared domain follows is a part of the name and no more.
  return domains && !domains.includes(name.slice(dot + 1)) ? [name] : [name, label];
}

/** A computer's account, as the site authenticates it: `host/…` or with a dollar sign. */
export function isComputerAccount(userName: string): boolean {
  const text = userName.slice(0, LONGEST_TEXT).trim().toLowerCase();
  if (text.startsWith('host/') || text.endsWith('$')) return true;
  const realm = text.lastIndexOf('$@');
  return realm >= 0 && !text.includes('@', realm + 2);
}

/**
 * The names of a computer account; a person's gives none.
 * @param domains where they are declared, an account counts only with one of them: names are free to choose in another
 * domain, and for every user of this one who may create accounts
 */
export function computerAccountNames(userName: string, domains?: readonly string[]): string[] {
  if (!isComputerAccount(userName)) return [];
  if (domains === undefined) return computerNames(userName);
  const { name, given } = writtenName(userName) ?? { name: '', given: [] };
  const behindDot = name.includes('.') ? name.slice(name.indexOf('.') + 1) : '';
  return [...given, behindDot].some((known) => domains.includes(known)) ? computerNames(userName, domains) : [];
}

/**
 * The first label of an own domain's name in `name@domain`, as of `{{DeviceName}}@contoso.com`, without dollar sign.
 * @param domains where they are declared, the part behind the sign must be one of them
 */
export function nameBeforeDomain(text: string, domains?: readonly string[]): string[] {
  const at = text.indexOf('@');
  if (at <= 0 || text.includes('$') || text.includes('@', at + 1)) return [];
  const domain = text
    .slice(at + 1)
    .trim()
    .toLowerCase();
  return domains && !domains.includes(domain) ? [] : computerNames(text.slice(0, at), domains);
}

function writtenName(text: string): WrittenName | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  const whole = text.trim().toLowerCase();
  const isHost = whole.startsWith('host/');
  const account = isHost ? whole.slice('host/'.length) : whole;
  const backslash = account.indexOf('\\');
  const behind = account.slice(backslash + 1);
  // `LT-0042$@contoso.com`, and as a Kerberos principal `host/lt-0042.contoso.com@CONTOSO.COM` (RFC 4120 6.2.1).
  const realmAt = isHost ? behind.indexOf('@') : behind.indexOf('$@') + 1 || -1;
  const realm = realmAt < 0 ? undefined : behind.slice(realmAt + 1);
  const name = (realmAt < 0 ? behind : behind.slice(0, realmAt)).replace(/\$$/, '').replace(/(?<=[^.])\.$/, '');
  // Device names hold blanks, apostrophes, colons and slashes (`jane_Android_11/22/2024_3:44 PM`), but nothing that
  // ends a name elsewhere.
  if (name === '' || name.length > LONGEST_NAME || backslash > 64 || /[\p{Cc}\\@$]/u.test(name)) return undefined;
  const given = [backslash > 0 ? account.slice(0, backslash) : undefined, realm];
  return { name, given: given.filter((domain) => domain !== undefined) };
}
