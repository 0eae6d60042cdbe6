// Whose the device is, against who was authenticated on it.

import type { DeviceFacts, PolicyFacts } from './policy-facts.ts';

/** `same`: of the authenticated user; `another`: of another user; `none`: the source names no user of the device. */
export const OWNER_WORDS = ['same', 'another', 'none'] as const;
export type OwnerWord = (typeof OWNER_WORDS)[number];

/**
 * @returns `null` where the question names no user, or only the state of the device is known; `undefined` without
 * device
 */
export function ownerWord({ device, users = [], cut = [] }: PolicyFacts): OwnerWord | null | undefined {
  if (device === undefined) return undefined;
  const { userPrincipalName, name } = device;
  if (userPrincipalName === undefined) return isStateAlone(device) ? null : 'none';
  // `{{DeviceName}}@contoso.com` in a certificate is the name of a device, not of a person.
  const persons = users.filter((user) => name === undefined || localPart(comparable(user)) !== comparable(name));
  if (persons.length === 0) return null;
  if (persons.some((user) => isSamePerson(user, userPrincipalName))) return 'same';
  return cut.includes('users') ? null : 'another';
}

/** The source says no more of the device than its state: what is absent is not known, which is not the same as none. */
export function isStateAlone({ operatingSystem, lastSyncAt }: DeviceFacts): boolean {
  return operatingSystem === undefined && lastSyncAt === undefined;
}

/**
 * A name without realm, or with a NetBIOS domain before or behind it, is compared with what stands before the realm.
 */
function isSamePerson(user: string, owner: string): boolean {
  const [one, other] = [comparable(user), comparable(owner)];
  const isWhole = /^[^@]+@[^@]*\./.test(one);
  return isWhole ? one === other : localPart(one) === localPart(other);
}

/** Without a NetBIOS domain in front. */
function comparable(name: string): string {
  return name
    .slice(name.indexOf('\\') + 1)
    .trim()
    .normalize('NFC')
    .toLowerCase();
}

function localPart(name: string): string {
  return name.split('@', 1)[0] ?? '';
}
