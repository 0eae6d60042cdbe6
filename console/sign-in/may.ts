// What the person's roles permit, so that a button says beforehand what the API would refuse. The API decides.

import { session } from './session.ts';

export type ConsolePermission = 'read' | 'act' | 'administer';

const WORDS = {
  read: ['NAC.Auditor', 'NAC.Operator', 'NAC.Administrator'],
  act: ['NAC.Operator', 'NAC.Administrator'],
  administer: ['NAC.Administrator'],
} as const satisfies Record<ConsolePermission, readonly string[]>;

/** @param site where it is done; without one a role for any site counts */
export function may(permission: ConsolePermission, site?: string): boolean {
  const current = session.value;
  if (current.state !== 'signed-in') return false;
  return current.person.roles.some((role) =>
    WORDS[permission].some(
      (word) => role === word || (site === undefined ? isForASite(role, word) : role === `${word}.${site}`),
    ),
  );
}

function isForASite(role: string, word: string): boolean {
  return word !== 'NAC.Administrator' && role.startsWith(`${word}.`);
}

/** The least role that permits it. */
export function roleFor(permission: ConsolePermission): string {
  return WORDS[permission][0];
}

/** The one site, or the sites, that the person's roles are for; nothing where they are for all. */
export function sitesOfPerson(): readonly string[] | undefined {
  const current = session.value;
  if (current.state !== 'signed-in') return undefined;
  const { roles } = current.person;
  if (roles.some((role) => (WORDS.read as readonly string[]).includes(role))) return undefined;
  return [...new Set(roles.flatMap((role) => /^NAC\.(?:Auditor|Operator)\.(.+)$/.exec(role)?.[1] ?? []))];
}
