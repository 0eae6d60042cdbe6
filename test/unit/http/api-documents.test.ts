// docs/api.md and docs/openapi.json are what the table of routes gives, and the latter is OpenAPI 3.1.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../../scripts/api/openapi-document.ts';
import { API_DOCUMENTS } from '../../../scripts/write-api-documents.ts';
import { ERROR_CODES } from '../../../shared/errors.ts';
import { namedRoutes, ROUTES, refusalsOf } from '../../../shared/http/routes.ts';
import { ROOT, readDocument } from '../../support/documents.ts';

const IGNORED_FORMATS = {
  uri: true,
  'uri-reference': true,
  'date-time': true,
  'media-range': true,
  email: true,
  regex: true,
} as const;

test.each(Object.entries(API_DOCUMENTS))('%s is what `npm run api` writes', (path, text) => {
  expect(readDocument(path)).toBe(text());
});

/** @see https://spec.openapis.org/oas/3.1/schema/2026-08-03 */
test('the document is OpenAPI 3.1, by the schema of the OpenAPI Initiative', () => {
  const schema = JSON.parse(readFileSync(join(ROOT, 'test/support/openapi-3.1.schema.json'), 'utf8'));
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: IGNORED_FORMATS });
  const isValid = ajv.compile(schema);
  expect(isValid(openApiDocument()), JSON.stringify(isValid.errors?.slice(0, 5))).toBe(true);
});

test('every schema of the document is JSON Schema 2020-12 without words that mean nothing', () => {
  const { components } = openApiDocument() as { components: { schemas: Record<string, object> } };
  const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, formats: IGNORED_FORMATS });
  ajv.addKeyword('components');
  ajv.addSchema({ $id: 'connector', components });
  for (const name of Object.keys(components.schemas)) {
    expect(() => ajv.compile({ $ref: `connector#/components/schemas/${name}` }), name).not.toThrow();
  }
});

test('names each path and method once', () => {
  const operations = namedRoutes().flatMap(([, { methods, path }]) =>
    methods.map((method) => `${method} ${path.replaceAll(/\{\*?\w+\}/g, '{}')}`),
  );
  expect(new Set(operations).size).toBe(operations.length);
  for (const [name, { path, parts = {} }] of namedRoutes()) {
    expect(
      [...path.matchAll(/\{\*?(\w+)\}/g)].map(([, part]) => part),
      name,
    ).toEqual(Object.keys(parts));
  }
});

test('only routes for RADIUS servers and ISE take HTTP Basic, and none answers FreeRADIUS what it takes for no objection', () => {
  for (const [name, route] of namedRoutes()) {
    expect(route.takesBasic === true, name).toBe(route.needs === 'ask' || route.needs === 'ask-mdm');
    expect(route.speaksXml === true, name).toBe(route.needs === 'ask-mdm');
    if (route.needs !== 'ask') continue;
    const statuses = [...refusalsOf(route).keys()];
    expect(
      statuses.filter((status) => [404, 409].includes(status)),
      name,
    ).toEqual([]);
  }
});

test('routes behind one door of the app need what the door asks for', () => {
  const { decisions, policies } = ROUTES;
  for (const name of ['search-decisions', 'decision', 'replay-decision'] as const) {
    expect(ROUTES[name].needs).toBe(decisions.needs);
  }
  for (const name of ['policy-text', 'what-if', 'mac-list'] as const) expect(ROUTES[name].needs).toBe(policies.needs);
});

test('every code that a request may be refused with is in the table, with its status', () => {
  const refused = namedRoutes().flatMap(([, route]) =>
    [...refusalsOf(route)].flatMap(([status, codes]) => codes.map((code) => `${status} ${code}`)),
  );
  for (const pair of refused) expect(ERROR_CODES).toContain(pair.slice(4));
  expect(thrownInCode().filter((pair) => !refused.includes(pair))).toEqual([]);
});

test('no file registers a route outside the table but those of the console, which serve a page', () => {
  const registering = globSync(['shared/**/*.ts', 'functions/*.ts'], { cwd: ROOT }).filter((file) =>
    /\bapp\s*\.\s*(?:http|get|post|put|patch|deleteRequest)\(|type: 'httpTrigger'/.test(
      readFileSync(join(ROOT, file), 'utf8'),
    ),
  );
  expect(registering.toSorted()).toEqual([
    'functions/console-config.ts',
    'functions/console.ts',
    'functions/http-route.ts',
  ]);
});

/** Status and code of each RequestError that the code makes. */
function thrownInCode(): string[] {
  const found = sources().matchAll(/new RequestError\(\s*(\d{3}),\s*'(NAC_\w+)'/g);
  const pairs = [...found].map(([, status, code]) => `${status} ${code}`);
  expect(pairs.length).toBeGreaterThan(20);
  return pairs;
}

function sources(): string {
  const files = globSync(['shared/**/*.ts', 'functions/*.ts'], { cwd: ROOT });
  return files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');
}
