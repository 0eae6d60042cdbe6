// docs/api.md, made from the table of routes: all of them in one table, then each with what it takes, answers and
// refuses.

import { ROUTE_GROUPS, type Route, USUAL_BODY } from '../../shared/http/route.ts';
import { namedRoutes, refusalsOf } from '../../shared/http/routes.ts';
import type { Schema } from '../../shared/http/schema.ts';
import { clientKinds } from './client-kinds.ts';

/** How deep fields are written out; openapi.json has all of them. */
const DEEPEST = 2;

const INTRODUCTION = `# The API

\`npm run api\` writes this document and [openapi.json](openapi.json) (OpenAPI 3.1) from the table of routes in \`shared/http/routes.ts\`.
The guides say when to use what: [lookup.md](lookup.md), [policy.md](policy.md), [enforcement.md](enforcement.md), [operations.md](operations.md).

**Credential.** Every route but \`/api/health\` takes the key of a client in the header \`X-API-Key\`. RADIUS servers that cannot set a
header may use HTTP Basic: the name of the client, and its secret; Cisco ISE does. Routes for people take no Basic, since a browser would keep it.
They take the token of a person who has signed in to the console (\`Authorization: Bearer …\`), whose app roles stand for the kind of client;
a wrong one gets 401, a role that is missing 403 with its name. An API key beside it counts, and the token does not.

**Who may ask.** [security.md](security.md#what-a-client-may-do) says what each kind of client may do. A client of one site sees and
changes that site alone; one of every site, and an administrator, all of them.

**Answers.** JSON in UTF-8, unless the route says otherwise. Clients ignore fields that they do not know; new ones may come with any
version. Moments are in UTC, like \`2026-11-20T21:40:00.000Z\`. Every answer says \`Cache-Control: no-store\`,
\`X-Content-Type-Options: nosniff\`, \`Referrer-Policy: no-referrer\` and
\`Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\`.

**Cisco’s MDM API** speaks XML in all of it: the answers are Cisco's ([cisco-ise.md](cisco-ise.md)), a refusal is \`<error>\` with the same
fields, and a 401 asks for HTTP Basic.

**Pages.** An answer with \`next\` has more: ask again with the same parameters and \`after=<next>\`.

**Compression.** JSON of routes for people comes as gzip where \`Accept-Encoding\` takes that and it is larger than a kilobyte.

**Refusals.** JSON with \`code\`, \`message\`, \`action\` and often \`field\`; \`NAC_POLICY\` and \`NAC_SOURCES\` have
\`problems\` with lines and columns, too. [errors.md](errors.md) lists the codes. These may come from every route with a credential, beside its own:

| status | code | when |
| --- | --- | --- |
| 401 | \`NAC_CLIENT_CREDENTIAL\` | No valid key, or the client is of another kind. The challenge is \`WWW-Authenticate: Bearer\`, so that no browser asks for a password |
| 413 | \`NAC_REQUEST_TOO_LARGE\` | The body is larger than the route reads: ${USUAL_BODY} bytes where it names no limit |
| 500 | \`NAC_INTERNAL\` | A mistake of the connector; its log says more |
| 429 | \`NAC_QUERIES_BUSY\` | Of routes that only read: too many questions at once; \`Retry-After\` says when to ask again |
| 503 | \`NAC_SETTINGS\` | Settings are wrong; the log names them |
| 503 | \`NAC_CLIENT_QUOTA\` | The client asks more often than \`CLIENT_REQUESTS_PER_SECOND\` |
| 503 | \`NAC_QUERY_TIMEOUT\` | Of routes that only read: the answer took longer than 45 seconds |
| 503 | \`NAC_STORE_…\` | Table Storage did not answer, or not in time |
`;

export function apiMarkdown(): string {
  const written = new Map<string, string>();
  return `${[INTRODUCTION, '## All routes\n', table(), ...ROUTE_GROUPS.map((group) => section(group, written))].join('\n').trimEnd()}\n`;
}

function table(): string {
  const rows = namedRoutes().map(([, route]) => `| ${link(route)} | ${who(route)} | ${route.summary} |`);
  return ['| route | for | |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

/** Schemas by title, and the link to the route where their fields stand. */
type Written = Map<string, string>;

function section(group: string, written: Written): string {
  const routes = namedRoutes().filter(([, route]) => route.group === group);
  return [`## ${group}\n`, ...routes.map(([, route]) => routeText(route, written))].join('\n');
}

function routeText(route: Route, written: Written): string {
  const { summary, parts, query, headers, body, answers, sites, needsServiceBus, largestBody = USUAL_BODY } = route;
  const fields = (schema: Schema): string => fieldsOnce(schema, link(route), written);
  const notes = [
    `For ${who(route)}.`,
    ...(sites === undefined ? [] : [`Of a client of one site: ${lowerFirst(sites)}.`]),
    ...(needsServiceBus ? ['There only with a Service Bus.'] : []),
  ];
  const parameters = [
    ...Object.entries(parts ?? {}).map(([name, schema]) => row(name, 'path', schema)),
    ...Object.entries(query ?? {}).map(([name, { schema }]) => row(name, 'query', schema)),
    ...Object.entries(headers ?? {}).map(([name, schema]) => row(name, 'header', schema)),
  ];
  return [
    `### ${heading(route)}\n`,
    `${summary}\n`,
    `${notes.join(' ')}\n`,
    ...(parameters.length === 0 ? [] : ['| parameter | in | |', '| --- | --- | --- |', ...parameters, '']),
    ...(body === undefined ? [] : [bodyOf(body, largestBody, fields)]),
    ...Object.entries(answers).map(([status, { description, content }]) =>
      answerOf(status, description, content, fields),
    ),
    ownRefusals(route),
  ].join('\n');
}

function bodyOf(
  { type, schema, required, example }: NonNullable<Route['body']>,
  largest: number,
  fields: (schema: Schema) => string,
): string {
  const least = required ? '' : ', or none';
  return [
    `Body: \`${type}\`${least}, at most ${largest.toLocaleString('en')} bytes. ${sentence(schema)}\n`,
    fields(schema),
    ...(example === undefined ? [] : ['```json', JSON.stringify(example), '```', '']),
  ].join('\n');
}

function answerOf(
  status: string,
  description: string,
  content: Readonly<Record<string, Schema>>,
  fields: (schema: Schema) => string,
): string {
  if (Object.keys(content).length === 0) return `**${status}**: ${lowerFirst(description)}; it has no body.\n`;
  return Object.entries(content)
    .flatMap(([type, schema]) => [
      `**${status}** \`${type}\`: ${lowerFirst(description)}.\n`,
      ...(schema.title === undefined && schema.anyOf ? schema.anyOf : [schema]).map((each) =>
        each.properties ? fields(each) : `${sentence(each)}\n`,
      ),
    ])
    .join('\n');
}

/** A form that several routes have stands at the first of them. */
function fieldsOnce(schema: Schema, place: string, written: Written): string {
  const { title } = schema;
  const before = title === undefined ? undefined : written.get(title);
  if (before !== undefined) return `Fields as at ${before}.\n`;
  if (title !== undefined) written.set(title, place);
  return fieldsOf(schema);
}

function sentence({ description = '' }: Schema): string {
  return description === '' ? '' : `${description}.`;
}

function ownRefusals(route: Route): string {
  const own = [...refusalsOf(route)].flatMap(([status]) => {
    const codes = route.refusals?.[status] ?? [];
    return codes.length === 0 ? [] : `${status} ${codes.map((code) => `\`${code}\``).join(', ')}`;
  });
  return own.length === 0 ? '' : `Refuses with ${own.join('; ')}.\n`;
}

/** One row for each field, those of fields indented by their path. */
function fieldsOf(schema: Schema): string {
  const rows = fieldRows(schema, '', 1);
  return rows.length === 0 ? '' : ['| field | type | |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

function fieldRows({ properties = {}, required = [] }: Schema, path: string, depth: number): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const place = `${path}${name}`;
    const may = required.includes(name) ? '' : '?';
    const inner = schema.items ?? schema;
    const below = depth < DEEPEST ? fieldRows(inner, `${place}${schema.items ? '[]' : ''}.`, depth + 1) : [];
    return [`| \`${place}\`${may} | ${typeOf(schema)} | ${wordsOf(schema)} |`, ...below];
  });
}

function row(name: string, where: string, schema: Schema): string {
  return `| \`${name}\` | ${where} | ${wordsOf(schema)} |`;
}

function wordsOf({ description = '', items, enum: values, default: usual, const: only, maxLength }: Schema): string {
  return [
    cell(description === '' ? (items?.description ?? '') : description),
    ...(values
      ? [
          values
            .filter((value) => value !== '')
            .map((value) => `\`${value}\``)
            .join(', '),
        ]
      : []),
    ...(only === undefined || typeof only === 'boolean' ? [] : [`\`${only}\``]),
    ...(usual === undefined ? [] : [`\`${usual}\` when absent`]),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
  ]
    .filter((part) => part !== '')
    .join('; ');
}

function typeOf({ type, items, anyOf, const: only, title, format, additionalProperties }: Schema): string {
  if (items) return `list of ${typeOf(items)}`;
  if (title !== undefined) return title;
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(' or ');
  if (only !== undefined) return typeof only === 'string' ? 'text' : `\`${only}\``;
  if (additionalProperties) return `${typeOf(additionalProperties)} by name`;
  if (format === 'date-time') return 'moment';
  return type === 'string' ? 'text' : (type ?? '');
}

function who({ needs }: Route): string {
  return needs === 'nothing' ? 'everybody' : clientKinds(needs).join(', ');
}

function heading({ methods, path }: Route): string {
  return `${methods.join(', ')} /${path}`;
}

/** As GitHub makes anchors of headings. */
function link(route: Route): string {
  const anchor = heading(route)
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s/g, '-');
  return `[\`${heading(route)}\`](#${anchor})`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
