// Which operator may do what, by the table of routes, and at which sites. A change is in the audit before it is made.

import type { AuditEntry } from '../domain/audit-entry.ts';
import type { BearerToken, Credential } from '../domain/carried-credential.ts';
import type { Client } from '../domain/client.ts';
import { type Grants, grantsOfClient, type OperatorPermission } from '../domain/grants.ts';
import type { Permission } from '../domain/permission.ts';
import { includesSite, type Sites, siteNamed, sitesText } from '../domain/sites.ts';
import { RequestError } from '../errors.ts';
import { type OperatorRoute, ROUTES } from '../http/routes.ts';
import { missingRole, type Person } from '../lookup/authenticate-person.ts';
import type { Audit } from './open-audit.ts';

export type Change = Pick<AuditEntry, 'action' | 'target' | 'site' | 'reason'>;

/** A client, or a person, that may ask one route. */
export interface Operator {
  /** In the audit and the log: name of the client, or object id of the person. */
  readonly name: string;
  /** With what stays: the same, and for people to read it the name of the person before it. */
  readonly by: string;
  /** Sites at which it may do what the route is for. */
  readonly sites: Sites;
  readonly grants: Grants;
  /** Absent for a client. */
  readonly person?: Person;
}

export interface Authentication {
  /** By key. @throws RequestError 401 NAC_CLIENT_CREDENTIAL */
  client(apiKey: string | null, permission: Permission): Promise<Client>;
  /** By token. @throws RequestError 401 NAC_TOKEN, 403 NAC_ROLE_MISSING */
  person(token: BearerToken, permission: OperatorPermission): Promise<Person>;
}

export class OperatorAccess {
  readonly #authenticate: Authentication;
  readonly #audit: () => Promise<Audit>;

  constructor(authenticate: Authentication, audit: () => Promise<Audit>) {
    this.#authenticate = authenticate;
    this.#audit = audit;
  }

  /**
   * @throws RequestError 401 NAC_CLIENT_CREDENTIAL, also for a right key of a client that may not ask this route
   * @throws RequestError 401 NAC_TOKEN; 403 NAC_ROLE_MISSING for a person whose roles do not permit it
   */
  async may(credential: Credential, route: OperatorRoute): Promise<Operator> {
    const { needs } = ROUTES[route];
    if (typeof credential === 'object' && credential !== null) {
      const person = await this.#authenticate.person(credential, needs);
      const { oid: name, grants } = person;
      return { name, by: `${person.shownName} (${name})`, grants, sites: grants[needs], person };
    }
    const client = await this.#authenticate.client(credential, needs);
    const grants = grantsOfClient(client);
    return { name: client.name, by: client.name, grants, sites: grants[needs] };
  }

  /**
   * The sites that a list is about.
   * @returns the one that was asked for, else all that the operator may see
   * @throws RequestError 403 NAC_CLIENT_SITE when it asks for another
   */
  sitesFor({ sites }: Pick<Operator, 'sites'>, asked: string | undefined): Sites {
    if (asked === undefined) return sites;
    if (!includesSite(sites, asked)) throw otherSiteError(sites);
    return siteNamed(asked);
  }

  /**
   * The one site that a change is for.
   * @returns the one that was asked for, else the only site of the operator; absent for every site
   * @throws RequestError 403 NAC_CLIENT_SITE when it asks for another, or has several and names none
   */
  siteOfChange({ sites }: Pick<Operator, 'sites'>, asked: string | undefined): string | undefined {
    if (asked !== undefined && !includesSite(sites, asked)) throw otherSiteError(sites);
    if (asked !== undefined || sites === 'every') return asked;
    const [only, another] = sites;
    if (only === undefined || another !== undefined) throw otherSiteError(sites);
    return only;
  }

  /**
   * @param change without a site, where the operator is limited to some: one entry for each of them
   * @param loggedTarget as the log may show the target; the same unless it is given
   * @throws StoreError when the audit cannot be written: then the change must not be made
   */
  async note({ name, person }: Operator, change: Change, loggedTarget?: string): Promise<void> {
    const by = { by: name, ...(person && { byName: person.shownName }), from: person ? 'sign-in' : 'api' } as const;
    await (await this.#audit()).note({ ...by, ...change }, loggedTarget);
  }

  /** As {@link note}, once for each of these sites, so that each of them sees it. */
  async noteAt(operator: Operator, sites: Sites, change: Omit<Change, 'site'>): Promise<void> {
    if (sites === 'every') return this.note(operator, change);
    for (const site of sites) await this.note(operator, { ...change, site });
  }

  /** @throws RequestError 403 where an operator of some sites asks for a change, or a text, of every site */
  require({ grants, person }: Operator, route: OperatorRoute): void {
    const { needs } = ROUTES[route];
    if (grants[needs] === 'every') return;
    if (person !== undefined && grants[needs].size === 0) throw missingRole(needs);
    throw new RequestError(403, 'NAC_CLIENT_SITE', 'This concerns every site.', {
      action: person
        ? 'Have an app role assigned that names no site, then sign in again.'
        : 'Use the key of an administrator (npm run clients -- create … --kind administrator).',
      field: person ? 'Authorization' : 'X-API-Key',
    });
  }
}

export function otherSiteError(sites: Sites): RequestError {
  return new RequestError(403, 'NAC_CLIENT_SITE', `You may ask about ${sitesText(sites)} alone.`, {
    action:
      'Ask about one of these sites by its name. Who is to see every site needs a client made with --every-site, an administrator, or an app role without a site.',
    field: 'site',
  });
}
