// What each kind of client may do, and at which sites. docs/security.md shows the table.

import type { Client, ClientKind } from './client.ts';

/**
 * - `ask`: look a station up, report accounting
 * - `ask-mdm`: ask by Cisco's MDM API
 * - `read`: decisions, sessions, jobs, policies, the poll, the doctor
 * - `act`: re-authenticate, disconnect, refresh one device, send a job again, block and let on
 * - `administer`: policies, sweep now, release and refusal of what the breaker holds
 */
export type Permission = 'ask' | 'ask-mdm' | 'read' | 'act' | 'administer';

const KINDS: Readonly<Record<Permission, readonly ClientKind[]>> = {
  ask: ['radius'],
  'ask-mdm': ['ise'],
  read: ['auditor', 'operator', 'administrator'],
  act: ['operator', 'administrator'],
  administer: ['administrator'],
};

export function isPermitted({ kind }: Pick<Client, 'kind'>, permission: Permission): boolean {
  return KINDS[permission].includes(kind);
}

/** The one site whose stations the client sees and acts on; absent where it is every site. */
export function onlySiteOf({ kind, site, everySite }: Pick<Client, 'kind' | 'site' | 'everySite'>): string | undefined {
  return kind === 'administrator' || everySite === true ? undefined : site;
}
