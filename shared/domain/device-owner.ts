// Whose the device is, against who was authenticated on it.

import type { PolicyFacts } from './policy-facts.ts';

/** `same`: of the authenticated user; `another`: of somebody else; `none`: the source names no user of the device. */
export const OWNER_WORDS = ['same', 'another', 'none'] as const;
export type OwnerWord = (typeof OWNER_WORDS)[number];

/** @returns `null` where the question names no user, or nothing but its state is known of the device; `undefined` without device */
export function ownerWord({ device, users = [] }: PolicyFacts): OwnerWord | null | undefined {
  if (device === undefined) return undefined;
  const { userPrincipalName, operatingSystem, lastSyncAt } = device;
  if (userPrincipalName === undefined) return (operatingSystem ?? lastSyncAt) ? 'none' : null;
  if (users.length === 0) return null;
  return users.some((user) => isSamePerson(user, userPrincipalName)) ? 'same' : 'another';
}

/** A name without realm, or with a NetBIOS domain in front, is compared with what stands before the realm. */
function isSamePerson(user: string, owner: string): boolean {
  const one = user
    .slice(user.indexOf('\\') + 1)
    .trim()
    .toLowerCase();
  const other = owner.trim().toLowerCase();
  return one.includes('@') && !user.includes('\\') ? one === other : localPart(one) === localPart(other);
}

function localPart(name: string): string {
  return name.split('@', 1)[0] ?? '';
}
