// What docs/openapi.json promises of an answer, as a check: the document with every object closed, so that a field
// that it does not name is a fault.

import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';
import { openApiDocument } from '../../scripts/api/openapi-document.ts';

interface Response {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, { readonly schema: AnySchema }>>;
  readonly content?: Readonly<Record<string, { readonly schema: AnySchema }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Record<string, Response> }>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Response>> };
}

export interface GivenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** As the connector writes moments; RFC 3339 allows more. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export class ApiContract {
  readonly #document = closed(openApiDocument()) as Document;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, formats: { 'date-time': MOMENT } });
  readonly #checks = new Map<string, ValidateFunction>();

  constructor() {
    this.#ajv.addSchema({ $id: 'api', ...this.#document });
  }

  /** @returns what is wrong with the answer; empty when it is as promised */
  problemsOf(method: string, path: string, { status, headers, text }: GivenAnswer): string[] {
    const promised = this.#document.paths[path.replace('{*', '{')]?.[method.toLowerCase()]?.responses[status];
    if (promised === undefined) return [`${method} ${path} may not answer ${status}: ${text}`];
    const name = promised.$ref?.split('/').at(-1);
    const response = name === undefined ? promised : this.#document.components.responses[name];
    if (response?.content === undefined) return text === '' ? [] : [`${method} ${path} ${status} has a body`];
    const type = headers.get('content-type')?.split(';')[0] ?? '';
    const schema = response?.content?.[type]?.schema;
    if (schema === undefined) return [`${method} ${path} may not answer ${status} as ${type}`];
    return [
      ...this.#problems(schema, type === 'application/json' ? JSON.parse(text) : text),
      ...Object.entries(response?.headers ?? {}).flatMap(([header, { schema: of }]) =>
        this.#problems(of, headers.get(header)).map((problem) => `${header}: ${problem}`),
      ),
    ];
  }

  #problems(schema: AnySchema, value: unknown): string[] {
    const key = JSON.stringify(schema);
    const check = this.#checks.get(key) ?? this.#ajv.compile(JSON.parse(key.replaceAll('"#/', '"api#/')));
    this.#checks.set(key, check);
    if (check(value)) return [];
    return (check.errors ?? []).map(({ instancePath, message, params }) => {
      return `${instancePath} ${message} ${JSON.stringify(params)}`;
    });
  }
}

/** A schema that narrows another one says less than that one, and stays open. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const written = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, closed(inner)]));
  const isObject = written['type'] === 'object' && written['properties'] !== undefined && written['$ref'] === undefined;
  return isObject ? { ...written, additionalProperties: false } : written;
}
