// Reads the query of GET /api/decisions and the body of POST /api/decisions/search.

import type { Instant } from '../domain/instant.ts';
import { canonicalAddress } from '../domain/ip-address.ts';
import { DECISION_QUERY, DECISION_SEARCH } from '../http/queries.ts';
import { readJsonObject } from '../http/read-json.ts';
import { queryError, readQuery } from '../http/read-query.ts';
import type { DecisionFilter, DecisionQuery } from '../ports/decision-store.ts';

/** What was asked for; which sites the asker may see, and which source has the device, is another matter. */
export type AskedDecisions = Omit<DecisionQuery, 'sites'> & {
  readonly site?: string;
  /** Id of a device, of whatever source. */
  readonly deviceId?: string;
};

/**
 * @throws RequestError NAC_REQUEST_FIELD naming the parameter: a misspelt filter must not look like "all decisions"
 */
export function readDecisionQuery(query: Iterable<[string, string]>, now: Instant): AskedDecisions {
  const parameters = [...query];
  for (const [name] of parameters) {
    if (Object.hasOwn(DECISION_SEARCH, name) && !Object.hasOwn(DECISION_QUERY, name)) {
      throw queryError(
        name,
        `may not be in a URL, which logs keep: use POST /api/decisions/search with {"${name}": "…"}`,
      );
    }
  }
  return readParameters(parameters, now);
}

/**
 * @param body JSON object with the same parameters as texts
 * @throws RequestError NAC_REQUEST_NOT_JSON, NAC_REQUEST_FIELD
 */
export function readDecisionSearch(body: string, now: Instant): AskedDecisions {
  const parameters = Object.entries(readJsonObject(body, 'Send {"mac": "…"} or other parameters of docs/api.md.'));
  for (const [name, value] of parameters) if (typeof value !== 'string') throw queryError(name, 'must be text');
  return readParameters(parameters as [string, string][], now);
}

function readParameters(query: Iterable<[string, string]>, now: Instant): AskedDecisions {
  const { since, until, after, limit, ...given } = readQuery(DECISION_SEARCH, query, now);
  const filter: DecisionFilter = {
    ...text('sessionId', given.session),
    ...text('role', given.role),
    ...text('rule', given.rule),
    ...text('policyVersion', given.policy),
    ...text('standing', given.standing),
    ...text('userName', given.user),
    ...text('verdict', given.decision),
    ...text('mac', given.mac),
    ...(given.observed && { observed: true }),
    ...nas(given.nas),
    ...text('port', given.port),
    ...(given.method && { method: given.method }),
    ...text('identity', given.identity),
    ...text('assurance', given.assurance),
    ...text('source', given.source),
  };
  return {
    filter,
    ...text('site', given.site),
    ...text('deviceId', given.device?.toLowerCase()),
    since,
    ...text('until', until),
    ...text('after', after),
    limit,
    now,
  };
}

/** A text that is an address is meant as one, in any notation. */
function nas(given: string | undefined): DecisionFilter {
  const address = canonicalAddress(given ?? '');
  return address === undefined ? text('nasName', given) : { nasAddress: address };
}

function text<K extends string>(name: K, value: string | undefined): { [key in K]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [key in K]?: string };
}
