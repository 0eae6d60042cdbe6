// The schemas of bodies against their readers: every field that is documented is read, and what a schema gives as an
// example is taken.

import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { readOverrideRequest } from '../../../shared/http/read-override.ts';
import { ROUTES } from '../../../shared/http/routes.ts';
import type { Schema } from '../../../shared/http/schema.ts';
import { readAccessRequest } from '../../../shared/lookup/read-access-request.ts';
import { readAccountingEvent } from '../../../shared/lookup/read-accounting-event.ts';
import { readDecisionSearch } from '../../../shared/policy/read-decision-query.ts';
import { readReleaseRequest } from '../../../shared/polling/read-release-request.ts';

const NOW = '2026-11-30T08:00:00.000Z';

const READERS: Readonly<Record<string, (body: string) => unknown>> = {
  lookup: readAccessRequest,
  accounting: (body) => readAccountingEvent(body, NOW),
  'search-decisions': (body) => readDecisionSearch(body, NOW),
  'make-override': (body) => readOverrideRequest(body, NOW),
  'poll-release': readReleaseRequest,
};

const BODIES = Object.entries(READERS).map(([name, read]) => {
  const { schema, example } = ROUTES[name as 'lookup'].body;
  return { name, read, schema: schema as Schema, example };
});

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (thrown) {
    return thrown;
  }
}

test.each(BODIES)('of $name: the example fits the schema and the reader', ({ schema, example, read }) => {
  const isValid = new Ajv2020({ strict: false, formats: { 'date-time': true } }).compile(schema);
  expect(isValid(example), JSON.stringify(isValid.errors)).toBe(true);
  expect(() => read(JSON.stringify(example))).not.toThrow();
});

test.each(BODIES)('of $name: the reader knows each field of the schema', ({ schema, example, read }) => {
  const fields = Object.keys(schema.properties ?? {});
  expect(fields.length).toBeGreaterThan(1);
  for (const field of fields) {
    // No field of any body is a plain number.
    const thrown = attempt(() => read(JSON.stringify({ ...(example as object), [field]: 7 })));
    expect(thrown, field).toMatchObject({ code: 'NAC_REQUEST_FIELD' });
    expect(String((thrown as { message: string }).message), field).not.toContain('is not known');
  }
});

test('of lookup: the reader knows each field of the certificate', () => {
  const { certificate } = ROUTES.lookup.body.schema.properties as Record<string, Schema>;
  for (const field of Object.keys(certificate?.properties ?? {})) {
    const thrown = attempt(() => readAccessRequest(JSON.stringify({ certificate: { [field]: 7 } })));
    expect(thrown, field).toMatchObject({ code: 'NAC_REQUEST_FIELD', field: `certificate.${field}` });
  }
});
