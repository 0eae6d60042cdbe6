// What an operator may do at which sites: a client by its kind, a person by the app roles that Microsoft Entra gave.

import { type Client, isClientOrSiteName } from './client.ts';
import { isPermitted, onlySiteOf, type Permission } from './permission.ts';
import { bothSites, NO_SITE, type Sites, siteNamed } from './sites.ts';

/** What operators need for a route; RADIUS servers and ISE nodes have their own. */
export type OperatorPermission = Exclude<Permission, 'ask' | 'ask-mdm'>;
const OPERATOR_PERMISSIONS = ['read', 'act', 'administer'] as const satisfies readonly OperatorPermission[];

export type Grants = Readonly<Record<OperatorPermission, Sites>>;

/** App roles of the console's registration. Those with `bySite` may also end with a dot and the name of a site. */
export const APP_ROLES = {
  'NAC.Auditor': { kind: 'auditor', bySite: true },
  'NAC.Operator': { kind: 'operator', bySite: true },
  'NAC.Administrator': { kind: 'administrator', bySite: false },
} as const;

export function grantsOfClient(client: Pick<Client, 'kind' | 'site' | 'everySite'>): Grants {
  const site = onlySiteOf(client);
  return grantsOf(client.kind, site === undefined ? 'every' : siteNamed(site));
}

/** All of them together. @param roles as the token has them; unknown ones grant nothing */
export function grantsOfRoles(roles: readonly string[]): Grants {
  let grants = grantsOf('radius', NO_SITE);
  for (const role of roles) {
    const [, name = '', site] = /^(NAC\.[A-Za-z]+)(?:\.(.+))?$/.exec(role) ?? [];
    const known = Object.entries(APP_ROLES).find(([each]) => each === name)?.[1];
    if (known === undefined) continue;
    if (site !== undefined && !(known.bySite && isClientOrSiteName(site))) continue;
    grants = together(grants, grantsOf(known.kind, site === undefined ? 'every' : siteNamed(site)));
  }
  return grants;
}

export function grantsNothing(grants: Grants): boolean {
  return OPERATOR_PERMISSIONS.every((permission) => grants[permission] !== 'every' && grants[permission].size === 0);
}

/** Names of the app roles that permit it, the least first. */
export function rolesThatPermit(permission: OperatorPermission): string {
  const names = Object.entries(APP_ROLES)
    .filter(([, { kind }]) => isPermitted({ kind }, permission))
    .map(([name, { bySite }]) => (bySite ? `${name} (or ${name}.<site>)` : name));
  return names.length === 1 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function grantsOf(kind: Client['kind'], sites: Sites): Grants {
  const at = (permission: OperatorPermission): Sites => (isPermitted({ kind }, permission) ? sites : NO_SITE);
  return { read: at('read'), act: at('act'), administer: at('administer') };
}

function together(one: Grants, other: Grants): Grants {
  return {
    read: bothSites(one.read, other.read),
    act: bothSites(one.act, other.act),
    administer: bothSites(one.administer, other.administer),
  };
}
