// What people look up, each in their own name: who asks is authenticated, then waits for a place, since lookups share
// the instance.

import type { QuerySlots } from '../console/query-slots.ts';
import { readSearch } from '../console/read-search.ts';
import type { Credential } from '../domain/carried-credential.ts';
import { toInstant } from '../domain/instant.ts';
import type { JobFilter, JobPage } from '../enforcement/list-jobs.ts';
import { type RequestBody, readBody } from '../http/request-body.ts';
import type { OperatorRoute } from '../http/routes.ts';
import type { ClientList } from '../http/schemas/client.ts';
import type { DeviceView, WhatItGets } from '../http/schemas/device.ts';
import type { RuleHits } from '../http/schemas/policy.ts';
import type { SearchResult } from '../http/schemas/search.ts';
import type { SessionPage } from '../http/schemas/session.ts';
import type { Context } from './context.ts';
import { lazy } from './lazy.ts';
import { openLookupsOfPeople } from './open-lookups-of-people.ts';
import { openOverview, type TaggedOverview } from './open-overview.ts';
import type { Operator, OperatorAccess } from './operator-access.ts';

type Query = Iterable<[string, string]>;

export interface ConsoleActions {
  /** How everything is doing, of the sites that the asker may see. */
  overview(credential: Credential): Promise<TaggedOverview>;
  /**
   * What a text leads to: devices, sessions, decisions, jobs.
   * @param body JSON with the text, where it is not in the query
   */
  search(credential: Credential, query: Query, body?: RequestBody): Promise<SearchResult>;
  /** @param device its id, or what it is called by @throws RequestError NAC_DEVICE_UNKNOWN, NAC_DEVICE_AMBIGUOUS */
  device(credential: Credential, device: string): Promise<DeviceView>;
  /** What policy would answer the device elsewhere. @throws RequestError as for a device, NAC_REQUEST_FIELD */
  whatItGets(credential: Credential, device: string, query: Query): Promise<WhatItGets>;
  /** @throws RequestError NAC_REQUEST_FIELD naming the parameter */
  sessions(credential: Credential, query: Query): Promise<SessionPage>;
  /** Those of the sites that the asker may see, without anything secret. */
  clients(credential: Credential): Promise<ClientList>;
  /** @throws RequestError NAC_REQUEST_FIELD naming the parameter */
  policyHits(credential: Credential, query: Query): Promise<RuleHits>;
}

export interface ConsoleParts {
  readonly operators: OperatorAccess;
  readonly slots: QuerySlots;
  /** Absent where nothing enforces. */
  readonly listJobs: ((filter: JobFilter) => Promise<JobPage>) | undefined;
}

export function consoleActions(context: Context, { operators, slots, listJobs }: ConsoleParts): ConsoleActions {
  const overview = lazy(() => openOverview(context));
  const lookups = lazy(() => openLookupsOfPeople(context, listJobs));
  const asked = async <T>(
    credential: Credential,
    route: OperatorRoute,
    work: (operator: Operator) => Promise<T>,
  ): Promise<T> => {
    const operator = await operators.may(credential, route);
    return slots.run(operator.name, () => work(operator));
  };
  return {
    overview: (credential) => asked(credential, 'overview', async ({ sites }) => (await overview())(sites)),
    search: (credential, query, body) =>
      asked(credential, 'search', async ({ sites }) => {
        const text = body === undefined ? undefined : await readBody(body);
        return (await lookups()).search(readSearch(query, text, toInstant(context.clock.now())), sites);
      }),
    device: (credential, device) =>
      asked(credential, 'device', async ({ sites }) => (await lookups()).device(device, sites)),
    whatItGets: (credential, device, query) =>
      asked(credential, 'what-it-gets', async (operator) =>
        (await lookups()).whatItGets(device, query, operator.sites, (site) => operators.sitesFor(operator, site)),
      ),
    sessions: (credential, query) =>
      asked(credential, 'sessions', async (operator) =>
        (await lookups()).sessions(query, (site) => operators.sitesFor(operator, site)),
      ),
    clients: (credential) => asked(credential, 'clients', async ({ sites }) => (await lookups()).clients(sites)),
    policyHits: (credential, query) =>
      asked(credential, 'policy-hits', async ({ sites }) => (await lookups()).hits(query, sites)),
  };
}
