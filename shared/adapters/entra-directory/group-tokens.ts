// What is known of memberships, as one text of a device.

/** Of one source; a text of them fits into a decision. */
export const MOST_GROUPS = 20;

/**
 * `+<guid>` for a group that the device or an owner is in, `-<guid>` for one that neither is in.
 * @param groups in the order of the definition
 * @param isMember `undefined` where that is not known: the group is left out then
 * @returns `undefined` where nothing is known
 */
export function groupTokens(
  groups: readonly string[],
  isMember: (group: string) => boolean | undefined,
): string | undefined {
  const tokens = groups.flatMap((group) => {
    const is = isMember(group);
    return is === undefined ? [] : `${is ? '+' : '-'}${group}`;
  });
  return tokens.length === 0 ? undefined : tokens.join(' ');
}
