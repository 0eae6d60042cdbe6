// Names of policy versions: what may be one, and one to suggest for a draft.

/** As the API takes them (shared/domain/version-activation.ts). */
export function isVersionName(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(text) && !text.startsWith('built-in') && text !== 'draft';
}

/** Today's date, with a number where there is one of today already. @param now ISO 8601 */
export function suggestedVersion(now: string, taken: readonly string[]): string {
  const day = now.slice(0, 10);
  if (!taken.includes(day)) return day;
  for (let number = 2; ; number++) {
    const name = `${day}.${number}`;
    if (!taken.includes(name)) return name;
  }
}
