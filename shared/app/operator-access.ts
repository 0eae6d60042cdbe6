// Which operator may do what, by the table of routes, and at which site. A change is in the audit before it is made.

import type { AuditEntry } from '../domain/audit-entry.ts';
import type { Client } from '../domain/client.ts';
import { isPermitted, onlySiteOf, type Permission } from '../domain/permission.ts';
import { RequestError } from '../errors.ts';
import { ROUTES, type RouteName } from '../http/routes.ts';
import type { Audit } from './open-audit.ts';

/** Routes of people. */
type OperatorRoute = Exclude<RouteName, 'lookup' | 'accounting' | 'health'>;

export type Change = Pick<AuditEntry, 'action' | 'target' | 'site' | 'reason'>;

export class OperatorAccess {
  readonly #authenticate: (apiKey: string | null, permission: Permission) => Promise<Client>;
  readonly #audit: () => Promise<Audit>;

  constructor(
    authenticate: (apiKey: string | null, permission: Permission) => Promise<Client>,
    audit: () => Promise<Audit>,
  ) {
    this.#authenticate = authenticate;
    this.#audit = audit;
  }

  /** @throws RequestError 401 NAC_CLIENT_CREDENTIAL, also for a right key of a client that may not ask this route */
  may(apiKey: string | null, route: OperatorRoute): Promise<Client> {
    return this.#authenticate(apiKey, ROUTES[route].needs);
  }

  /**
   * The site that a list is about.
   * @returns what was asked for, else the only site of the client; absent for all sites
   * @throws RequestError 403 NAC_CLIENT_SITE when it asks for another
   */
  siteOf(client: Client, asked: string | undefined): string | undefined {
    const only = onlySiteOf(client);
    if (only !== undefined && asked !== undefined && asked !== only) throw otherSiteError(only);
    return asked ?? only;
  }

  /**
   * @param loggedTarget as the log may show the target; the same unless it is given
   * @throws StoreError when the audit cannot be written: then the change must not be made
   */
  async note({ name }: Pick<Client, 'name'>, change: Change, loggedTarget?: string): Promise<void> {
    await (await this.#audit()).note({ by: name, ...change }, loggedTarget);
  }

  /** @throws RequestError 403 NAC_CLIENT_SITE where a client that may read asks for a change of every site */
  require(client: Client, route: OperatorRoute): void {
    if (isPermitted(client, ROUTES[route].needs)) return;
    throw new RequestError(403, 'NAC_CLIENT_SITE', 'This concerns every site.', {
      action: 'Use the key of an administrator (npm run clients -- create … --kind administrator).',
      field: 'X-API-Key',
    });
  }
}

export function otherSiteError(only: string): RequestError {
  return new RequestError(403, 'NAC_CLIENT_SITE', `This key is for the site ${only} alone.`, {
    action: 'Ask about that site, or use a client made with --every-site, or an administrator.',
    field: 'site',
  });
}
