// What is known of the groups that a device and its owner are in, as one text of a device.

import type { Device } from './device.ts';

/** Of one source: one question about an object takes no more (Graph, checkMemberGroups). */
export const MOST_GROUPS = 20;

/**
 * `+<guid>` for a group that the device or an owner is in, `-<guid>` for one that none of them is in.
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

/** @returns `undefined` where it is not known, or where it is said to be both */
export function isInGroup(tokens: string | undefined, group: string): boolean | undefined {
  const said = new Set((tokens ?? '').split(' ').filter((token) => token.slice(1) === group));
  return said.size === 1 ? said.has(`+${group}`) : undefined;
}

/**
 * The device with what the other records of it say of groups, too: Intune knows none.
 * @param trusts whether a source has its Entra ids from the directory. Of a record that only claims an id nothing is
 * taken, and nothing is given to it: it would get the groups of the device that it claims to be.
 */
export function withGroupsOf(
  device: Device,
  others: readonly Pick<Device, 'source' | 'groups'>[],
  trusts: (source: string) => boolean,
): Device {
  if (!trusts(device.source)) return device;
  const texts = [device, ...others.filter(({ source }) => trusts(source))].map(({ groups }) => groups ?? '');
  const tokens = new Set(texts.join(' ').split(' '));
  tokens.delete('');
  return tokens.size === 0 ? device : { ...device, groups: [...tokens].join(' ') };
}
