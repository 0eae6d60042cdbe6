// Finds out which person a token of Microsoft Entra names, and whether the roles in it permit what is asked.

import type { BearerToken } from '../domain/carried-credential.ts';
import { type Grants, grantsOfRoles, type OperatorPermission, rolesThatPermit } from '../domain/grants.ts';
import { RequestError } from '../errors.ts';
import type { RefusalReport } from '../http/refusal-report.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { OperatorTokens } from '../ports/operator-tokens.ts';
import type { ClientQuota } from './client-quota.ts';

export interface Person {
  readonly oid: string;
  /** One line of characters that show. */
  readonly shownName: string;
  readonly grants: Grants;
}

export interface AuthenticatePersonDeps {
  /** Absent where no console is: then a token is no credential at all. */
  readonly tokens: OperatorTokens | undefined;
  readonly quota: ClientQuota;
  readonly report: RefusalReport;
  readonly clock: Clock;
}

/**
 * @param permission what the route needs, at one site at least
 * @throws RequestError 401 NAC_TOKEN, or NAC_CLIENT_CREDENTIAL where people do not sign in
 * @throws RequestError 403 NAC_ROLE_MISSING
 * @throws RequestError 503 NAC_CLIENT_QUOTA, NAC_TOKEN_KEYS
 */
export async function authenticatePerson(
  { tokens, quota, report, clock }: AuthenticatePersonDeps,
  token: BearerToken,
  permission: OperatorPermission,
  options: CallOptions,
): Promise<Person> {
  const now = clock.now().getTime();
  if (tokens === undefined) throw counted(noConsole());
  const { oid, shownName, roles } = await tokens.check(token, options).catch((thrown: unknown) => {
    throw thrown instanceof RequestError ? counted(thrown) : thrown;
  });
  const name = reportedName(oid);
  report.prove(name, token);
  report.catchUp(now);
  quota.take(name, now);
  const grants = grantsOfRoles(roles);
  const sites = grants[permission];
  if (sites !== 'every' && sites.size === 0) throw missingRole(permission);
  return { oid, shownName, grants };

  /** All strangers share one line of the log. */
  function counted(refused: RequestError): RequestError {
    const { code, status, message } = refused;
    report.refused('warn', 'person.refused', { code, status }, now, () => ({ message }));
    return refused;
  }
}

/** In the log and for the quota: no client has such a name. */
function reportedName(oid: string): string {
  return `person ${oid}`;
}

export function missingRole(permission: OperatorPermission): RequestError {
  return new RequestError(
    403,
    'NAC_ROLE_MISSING',
    `Your sign-in has no role for this: ${rolesThatPermit(permission)}.`,
    {
      action:
        'Have an administrator of the tenant assign it (Enterprise applications, Users and groups), then sign in again: a token keeps the roles that it was made with.',
      field: 'Authorization',
    },
  );
}

function noConsole(): RequestError {
  return new RequestError(401, 'NAC_CLIENT_CREDENTIAL', 'No person signs in here: the console is off.', {
    action: 'Send the API key of a client in the header X-API-Key, or have CONSOLE_CLIENT_ID set.',
    field: 'Authorization',
  });
}
