// Every route of the API, in one table.

import type { OperatorPermission } from '../domain/grants.ts';
import type { ErrorCode } from '../errors.ts';
import type { RefusalStatus, Refusals, Route } from './route.ts';
import { DECISION_ROUTES } from './routes/decisions.ts';
import { DEVICE_ROUTES } from './routes/devices.ts';
import { JOB_ROUTES } from './routes/jobs.ts';
import { MDM_ROUTES } from './routes/mdm.ts';
import { OPERATION_ROUTES } from './routes/operations.ts';
import { OVERRIDE_ROUTES } from './routes/overrides.ts';
import { POLICY_ROUTES } from './routes/policies.ts';
import { POLL_ROUTES } from './routes/poll.ts';
import { RADIUS_ROUTES } from './routes/radius.ts';
import { SESSION_ROUTES } from './routes/sessions.ts';
import { SOURCES_ROUTES } from './routes/sources.ts';

export const ROUTES = {
  ...RADIUS_ROUTES,
  ...MDM_ROUTES,
  ...DECISION_ROUTES,
  ...SESSION_ROUTES,
  ...JOB_ROUTES,
  ...DEVICE_ROUTES,
  ...OVERRIDE_ROUTES,
  ...POLICY_ROUTES,
  ...SOURCES_ROUTES,
  ...POLL_ROUTES,
  ...OPERATION_ROUTES,
} as const satisfies Readonly<Record<string, Route>>;

export type RouteName = keyof typeof ROUTES;

/** Routes that take a client's key, or the token of a person who has signed in. */
export type OperatorRoute = {
  [Name in RouteName]: (typeof ROUTES)[Name]['needs'] extends OperatorPermission ? Name : never;
}[RouteName];

export function isForPeople({ needs }: Pick<Route, 'needs'>): boolean {
  return needs === 'read' || needs === 'act' || needs === 'administer';
}

export function namedRoutes(): readonly (readonly [RouteName, Route])[] {
  return Object.entries(ROUTES) as [RouteName, Route][];
}

/** Of every route that changes something: no page of another site may ask it. */
const REFUSALS_OF_CHANGES: Refusals = { 403: ['NAC_REQUEST_CROSS_SITE'] };
/** Of every route that takes the token of a person. */
const REFUSALS_OF_PEOPLE: Refusals = {
  401: ['NAC_TOKEN'],
  403: ['NAC_ROLE_MISSING'],
  503: ['NAC_TOKEN_KEYS'],
};
/** Of every route with a credential. */
const USUAL_REFUSALS: Refusals = {
  401: ['NAC_CLIENT_CREDENTIAL'],
  413: ['NAC_REQUEST_TOO_LARGE'],
  500: ['NAC_INTERNAL'],
  503: [
    ...['NAC_SETTINGS', 'NAC_CLIENT_QUOTA', 'NAC_STORE_UNAVAILABLE', 'NAC_STORE_TIMEOUT'],
    ...['NAC_STORE_CONFLICT', 'NAC_STORE_ROW', 'NAC_STORE_STATE'],
  ] as readonly ErrorCode[],
};
/** Of a question of a person, which waits for others where there are many. */
const OF_QUESTIONS: Refusals = { 429: ['NAC_QUERIES_BUSY'], 503: ['NAC_QUERY_TIMEOUT'] };
/** Of liveness, which needs none. */
const OF_ALL: Refusals = { 413: ['NAC_REQUEST_TOO_LARGE'], 500: ['NAC_INTERNAL'], 503: ['NAC_SETTINGS'] };

/** All that a route may refuse, by status; its own codes before those that every route has. */
export function refusalsOf(route: Route): ReadonlyMap<RefusalStatus, readonly ErrorCode[]> {
  const of = [
    route.refusals ?? {},
    route.needs === 'nothing' ? OF_ALL : USUAL_REFUSALS,
    route.needs === 'read' ? OF_QUESTIONS : {},
    isForPeople(route) ? REFUSALS_OF_PEOPLE : {},
    route.methods.some((method) => method !== 'GET') ? REFUSALS_OF_CHANGES : {},
  ];
  const statuses = [...new Set(of.flatMap(Object.keys))].map(Number) as RefusalStatus[];
  return new Map(
    statuses.toSorted((one, other) => one - other).map((status) => [status, of.flatMap((each) => each[status] ?? [])]),
  );
}
