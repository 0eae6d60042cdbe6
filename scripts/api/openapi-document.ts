// The OpenAPI 3.1 document of the API (https://spec.openapis.org/oas/v3.1.1), made from the table of routes.

import type { ErrorCode } from '../../shared/errors.ts';
import { type RefusalStatus, ROUTE_GROUPS, type Route, USUAL_BODY } from '../../shared/http/route.ts';
import { isForPeople, namedRoutes, type RouteName, refusalsOf } from '../../shared/http/routes.ts';
import type { Schema } from '../../shared/http/schema.ts';
import { VERSION } from '../../shared/version.ts';
import { clientKinds } from './client-kinds.ts';

type Json = Record<string, unknown>;

const REASONS: Readonly<Record<RefusalStatus, string>> = {
  400: 'The request is wrong; `field` says where',
  401: 'No valid credential of a client that may ask this',
  403: 'Not for this client',
  404: 'There is no such thing',
  409: 'It does not fit what is there',
  411: 'The body came without a length',
  413: 'The body is too large',
  429: 'Too many questions at once',
  500: 'A mistake of the connector',
  503: 'The connector cannot answer now',
};

export function openApiDocument(): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const [name, route] of namedRoutes()) {
    // OpenAPI has no parameter for all that follows.
    const path = `/${route.path.replace('{*', '{')}`;
    for (const method of route.methods) {
      paths[path] = { ...paths[path], [method.toLowerCase()]: operation(components, name, route, method) };
    }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Serverless cloud NAC connector',
      version: VERSION,
      summary: 'Network access by the compliance of devices',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [
      { url: 'https://{host}', variables: { host: { default: 'nac.example', description: 'The function app' } } },
    ],
    tags: ROUTE_GROUPS.map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'Access token of a person who has signed in to the console with Microsoft Entra',
        },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: '`<name of the client>.<secret>`' },
        basic: { type: 'http', scheme: 'basic', description: 'Name of the client, and its secret' },
      },
      responses: components.responses(),
      schemas: components.schemas(),
    },
  };
}

function operation(components: Components, name: RouteName, route: Route, method: string): Json {
  const { group, summary, needs, takesBasic, body } = route;
  const other = takesBasic ? { basic: [] } : { bearer: [] };
  const keys = [{ apiKey: [] }, other];
  return {
    operationId: route.methods.length === 1 ? name : `${name}-by-${method.toLowerCase()}`,
    tags: [group],
    summary,
    description: [...notesOf(route)].join('\n\n'),
    security: needs === 'nothing' ? [] : keys,
    parameters: parametersOf(components, route),
    ...(body &&
      method !== 'GET' && {
        requestBody: {
          required: body.required,
          content: {
            [body.type]: {
              schema: components.reference(body.schema),
              ...(body.example !== undefined && { example: body.example }),
            },
          },
        },
      }),
    responses: { ...answersOf(components, route), ...refusals(components, route) },
  };
}

function* notesOf({ needs, sites, needsServiceBus, largestBody = USUAL_BODY, body }: Route): Iterable<string> {
  yield needs === 'nothing' ? 'For everybody.' : `For clients of the kinds ${clientKinds(needs).join(', ')}.`;
  if (sites !== undefined) yield `Of a client of one site: ${sites}.`;
  if (needsServiceBus) yield 'There only with a Service Bus.';
  if (body) yield `The body has at most ${largestBody} bytes.`;
}

function parametersOf(components: Components, { parts = {}, query = {}, headers = {} }: Route): Json[] {
  const of =
    (where: string, required: boolean) =>
    ([name, schema]: [string, Schema]): Json => {
      const { description = '', ...rest } = schema;
      return { name, in: where, required, description, schema: components.reference(rest) };
    };
  return [
    ...Object.entries(parts).map(of('path', true)),
    ...Object.entries(query).map(([name, { schema }]) => of('query', false)([name, schema])),
    // RFC 9110 names some of them, and OpenAPI leaves `Accept` to the content of answers.
    ...Object.entries(headers)
      .filter(([name]) => name !== 'Accept')
      .map(of('header', false)),
  ];
}

function answersOf(components: Components, { answers }: Route): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, content }]) => [
      status,
      {
        description,
        ...(Object.keys(content).length > 0 && {
          content: Object.fromEntries(
            Object.entries(content).map(([type, schema]) => [type, { schema: components.reference(schema) }]),
          ),
        }),
      },
    ]),
  );
}

function refusals(components: Components, route: Route): Json {
  return Object.fromEntries(
    [...refusalsOf(route)].map(([status, codes]) => {
      const response = refusal(components, status, codes, route);
      // Where a route adds no code of its own, its refusals are those of many.
      if (route.refusals?.[status] !== undefined && status !== 411) return [status, response];
      const name = components.shareResponse(`${kindOf(route)}${status}`, response);
      return [status, { $ref: `#/components/responses/${name}` }];
    }),
  );
}

/** What decides which refusals a route shares with others. */
function kindOf(route: Route): string {
  if (route.speaksXml) return 'Xml';
  if (route.needs === 'nothing') return 'Liveness';
  const asks = route.needs === 'read' ? 'Question' : isForPeople(route) ? 'Action' : 'Program';
  return `${asks}${route.methods.some((method) => method !== 'GET') ? 'Post' : ''}`;
}

/** An `<error>` with the code, what happened and what to do; in Cisco's dialect the status alone means something. */
const ERROR_IN_XML = {
  type: 'string',
  pattern: '<error><code>NAC_[A-Z_]+</code><message>',
  description: 'A document `error`',
};

function refusal(
  components: Components,
  status: RefusalStatus,
  codes: readonly ErrorCode[],
  { speaksXml }: Pick<Route, 'speaksXml'>,
): Json {
  components.add('Refusal', {
    type: 'object',
    description: 'What happened, and what to do',
    properties: {
      code: { type: 'string', pattern: '^NAC_[A-Z_]+$', description: 'Stable; docs/errors.md has all of them' },
      message: { type: 'string', description: 'What happened' },
      action: { type: 'string', description: 'What to do' },
      field: { type: 'string', description: 'The field, parameter or header at fault' },
      problems: {
        type: 'array',
        description: 'With NAC_POLICY and NAC_SOURCES: each problem of the text, with its place',
        items: {
          type: 'object',
          properties: {
            path: { type: 'string', description: 'Where in the document: `rules[2].when.site`' },
            line: { type: 'integer', minimum: 1, description: 'Line' },
            column: { type: 'integer', minimum: 1, description: 'Column' },
            problem: { type: 'string', description: 'What is wrong there' },
          },
          required: ['path', 'line', 'column', 'problem'],
        },
      },
    },
    required: ['code', 'message', 'action'],
  });
  const schema = { $ref: '#/components/schemas/Refusal', properties: { code: { enum: codes } } };
  return {
    description: REASONS[status],
    ...(status === 429 && { headers: { 'Retry-After': { required: true, schema: { type: 'string' } } } }),
    ...(status === 401 && {
      headers: { 'WWW-Authenticate': { required: true, schema: speaksXml ? CHALLENGE_OF_ISE : CHALLENGE } },
    }),
    content: speaksXml ? { 'application/xml': { schema: ERROR_IN_XML } } : { 'application/json': { schema } },
  };
}

/** Never Basic, which would have a browser ask for a password. */
const CHALLENGE = { type: 'string', pattern: '^Bearer ' };
/** No browser has anything to do there. */
const CHALLENGE_OF_ISE = { type: 'string', pattern: '^Basic ' };

/** Schemas with a title are written once, and referred to. */
class Components {
  readonly #schemas = new Map<string, unknown>();
  readonly #responses = new Map<string, unknown>();

  /**
   * @returns the name of the response, which is that of the first with the same content
   * @throws Error where two responses have one name
   */
  shareResponse(name: string, response: unknown): string {
    const text = JSON.stringify(response);
    for (const [known, one] of this.#responses) if (JSON.stringify(one) === text) return known;
    if (this.#responses.has(name)) throw new Error(`Two responses are called ${name}.`);
    this.#responses.set(name, response);
    return name;
  }

  responses(): Json {
    return sorted(this.#responses);
  }

  add(name: string, schema: unknown): void {
    this.#schemas.set(name, schema);
  }

  schemas(): Json {
    return sorted(this.#schemas);
  }

  /** @throws Error where two schemas have one title */
  reference(schema: Schema): unknown {
    const { title } = schema;
    if (title === undefined) return this.#written(schema);
    const { description, ...written } = this.#written(schema);
    const known = this.#schemas.get(title) as Json | undefined;
    if (known === undefined) this.add(title, { description, ...written });
    else {
      const { description: _, ...before } = known;
      if (JSON.stringify(before) !== JSON.stringify(written)) throw new Error(`Two schemas are called ${title}.`);
    }
    const sameWords = known === undefined || known['description'] === description;
    return { $ref: `#/components/schemas/${title}`, ...(!sameWords && { description }) };
  }

  #written({ items, properties, additionalProperties, anyOf, description, title: _, ...rest }: Schema): Json {
    return {
      ...(description !== undefined && description !== '' && { description }),
      ...rest,
      ...(items && { items: this.reference(items) }),
      ...(properties && {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, schema]) => [name, this.reference(schema)]),
        ),
      }),
      ...(additionalProperties && { additionalProperties: this.reference(additionalProperties) }),
      ...(anyOf && { anyOf: anyOf.map((schema) => this.reference(schema)) }),
    };
  }
}

function sorted(named: ReadonlyMap<string, unknown>): Json {
  return Object.fromEntries([...named].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
