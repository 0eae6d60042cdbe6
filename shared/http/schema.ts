// Schemas of what the API carries: plain JSON Schema 2020-12, as OpenAPI 3.1 has it, each with the TypeScript type of
// what it describes. A test holds these types against those of the code that answers.

declare const DESCRIBED: unique symbol;

/** A JSON Schema of values of type T. One with a `title` is a component of its own in the OpenAPI document. */
export interface Schema<T = unknown> {
  readonly title?: string;
  readonly description?: string;
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array';
  readonly format?: string;
  readonly pattern?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly [DESCRIBED]?: T;
}

/** A field that may be absent. */
export interface Optional<T = unknown> {
  readonly optional: Schema<T>;
}

export type Fields = Readonly<Record<string, Schema | Optional>>;
export type Described<S> = S extends Schema<infer T> ? T : never;

type Needed<F> = { [K in keyof F]: F[K] extends Optional ? never : K }[keyof F];
type Absent<F> = { [K in keyof F]: F[K] extends Optional ? K : never }[keyof F];
export type ObjectOf<F> = { readonly [K in Needed<F>]: Described<F[K]> } & {
  readonly [K in Absent<F>]?: F[K] extends Optional<infer T> ? T : never;
};

type Limits = Pick<Schema, 'pattern' | 'maxLength' | 'minimum' | 'maximum' | 'maxItems' | 'examples' | 'default'>;

export function text(description: string, limits: Limits = {}): Schema<string> {
  return { type: 'string', description, ...limits };
}

/** A moment in UTC as the connector writes it, with milliseconds (RFC 3339). */
export function instant(description: string): Schema<string> {
  return { type: 'string', format: 'date-time', description };
}

export function whole(description: string, limits: Limits = {}): Schema<number> {
  return { type: 'integer', description, ...limits };
}

export function amount(description: string): Schema<number> {
  return { type: 'number', description };
}

export function flag(description: string): Schema<boolean> {
  return { type: 'boolean', description };
}

export function always<const T extends string | number | boolean>(value: T, description = ''): Schema<T> {
  return { const: value, ...(description !== '' && { description }) };
}

export function oneOf<const T extends readonly string[]>(values: T, description: string): Schema<T[number]> {
  return { type: 'string', enum: values, description };
}

export function list<T>(items: Schema<T>, description: string, limits: Limits = {}): Schema<readonly T[]> {
  return { type: 'array', items, description, ...limits };
}

/** Any number of values, each under a name of its own. */
export function byName<T>(values: Schema<T>, description: string): Schema<Readonly<Record<string, T>>> {
  return { type: 'object', additionalProperties: values, description };
}

export function either<const S extends readonly Schema[]>(...anyOf: S): Schema<Described<S[number]>> {
  return { anyOf };
}

export function optional<T>(schema: Schema<T>): Optional<T> {
  return { optional: schema };
}

export function object<F extends Fields>(description: string, fields: F): Schema<ObjectOf<F>> {
  const entries = Object.entries(fields);
  return {
    type: 'object',
    description,
    properties: Object.fromEntries(
      entries.map(([name, field]) => [name, 'optional' in field ? field.optional : field]),
    ),
    required: entries.flatMap(([name, field]) => ('optional' in field ? [] : name)),
  };
}

/** A schema that several routes have, or that has a name of its own in the glossary. */
export function named<T>(title: string, schema: Schema<T>): Schema<T> {
  return { title, ...schema };
}

/** The same schema where it stands for something that should be described in other words. */
export function described<T>(description: string, schema: Schema<T>): Schema<T> {
  return { ...schema, description };
}
