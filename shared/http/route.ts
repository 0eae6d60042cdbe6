// What the API's table says of one route: from it the route is registered, its asker authorised, its body bounded, and
// its part of docs/api.md and docs/openapi.json written.

import type { Permission } from '../domain/permission.ts';
import type { ErrorCode, RequestErrorStatus } from '../errors.ts';
import type { Parameters } from './read-query.ts';
import type { Schema } from './schema.ts';

export type Method = 'GET' | 'POST' | 'PUT';

/** In the order of docs/api.md. */
export const ROUTE_GROUPS = [
  'RADIUS servers',
  'Cisco’s MDM API',
  'Decisions',
  'Sessions',
  'Jobs',
  'Devices',
  'Overrides',
  'Policies',
  'Sources',
  'Poll',
  'Operations',
] as const;

export interface Route {
  readonly group: (typeof ROUTE_GROUPS)[number];
  readonly methods: readonly Method[];
  /** Without the first slash; a part in braces is a parameter, one with a star all that follows. */
  readonly path: string;
  /** What the client must be permitted; `nothing`: it needs no credential. */
  readonly needs: Permission | 'nothing';
  /**
   * RADIUS servers may have no way to set a header, and ISE has none, so their routes take HTTP Basic as well. A route
   * for people takes none: a browser would keep the credentials and send them unasked.
   */
  readonly takesBasic?: true;
  /** It refuses in XML, and a 401 of it asks for Basic. */
  readonly speaksXml?: true;
  /** Only where a Service Bus carries CoA jobs. */
  readonly needsServiceBus?: true;
  /** What it does, as one sentence without a subject. */
  readonly summary: string;
  /** What a client of one site sees or changes; absent where sites make no difference. */
  readonly sites?: string;
  /** What stands in the path's braces. */
  readonly parts?: Readonly<Record<string, Schema<string>>>;
  readonly query?: Parameters;
  readonly headers?: Readonly<Record<string, Schema<string>>>;
  readonly body?: RequestBodyOf;
  /**
   * Bytes that a body may have; without it the route reads at most 4,096. The host's own limit is above all of them.
   */
  readonly largestBody?: number;
  /** By status. */
  readonly answers: Readonly<Partial<Record<200 | 201 | 202 | 304, Answer>>>;
  /** Codes of its own, by status; `refusalsOf` adds those that every route has. */
  readonly refusals?: Refusals;
}

export interface RequestBodyOf {
  readonly type: 'application/json' | 'application/xml' | 'application/yaml' | 'text/plain';
  readonly schema: Schema;
  readonly required: boolean;
  readonly example?: unknown;
}

export interface Answer {
  readonly description: string;
  readonly content: Readonly<Record<string, Schema>>;
}

export type RefusalStatus = RequestErrorStatus | 500;
export type Refusals = Readonly<Partial<Record<RefusalStatus, readonly ErrorCode[]>>>;

/** What the asker has is still so: an answer without a body (RFC 9110 15.4.5). */
export const NOT_MODIFIED: Answer = { description: 'It is as `If-None-Match` has it', content: {} };

/** Bytes of a body where the route names no limit. */
export const USUAL_BODY = 4_096;

export function json(description: string, schema: Schema): Answer {
  return { description, content: { 'application/json': schema } };
}
