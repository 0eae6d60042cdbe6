// The doctor behind HTTP: operators ask it from where the functions run.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalStack, startLocalStack } from '../../local/local-stack.ts';
import type { DoctorReport } from '../../shared/ports/check.ts';
import { type LookupHttpClient, lookupHttpClient } from '../support/lookup-http-client.ts';

let folder: string;
let stack: LocalStack;
let http: LookupHttpClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nac-doctor-'));
  stack = await startLocalStack({
    appFolder: join(import.meta.dirname, '../..'),
    dataFolder: folder,
    env: {},
    fleetSize: 3,
  });
  http = lookupHttpClient(stack.url, stack.caFile);
});

afterAll(async () => {
  await http?.[Symbol.asyncDispose]();
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

const asOperator = () => ({ 'x-api-key': stack.operatorKey });

test('GET and POST bring the report, of the bundled app against every peer', async () => {
  const replies = await Promise.all([
    http.send('GET', '/api/doctor', asOperator()),
    http.send('POST', '/api/doctor', asOperator()),
  ]);
  for (const { status, body } of replies) {
    expect(status).toBe(200);
    const report: DoctorReport = JSON.parse(body);
    expect(report.checks.filter((check) => check.status === 'failed')).toEqual([]);
    expect(report.checks.find(({ name }) => name === 'service-bus')).toMatchObject({ status: 'ok' });
    expect(report.checks.find(({ name }) => name === 'compliance')).toMatchObject({ status: 'ok' });
    expect(body).not.toMatch(/eyJ|PRIVATE KEY|SharedAccessKey|AccountKey/);
  }
});

test('as text it reads like the command’s', async () => {
  const { contentType, body } = await http.send('GET', '/api/doctor?format=text', asOperator());
  expect(contentType).toContain('text/plain');
  expect(body).toMatch(/^Doctor of the serverless NAC connector/);
  expect(body).toMatch(/\d+ ok, \d+ warnings?, 0 failed, \d+ skipped\.$/m);
});

test('a failure is an answer, not an error', async () => {
  stack.tenant?.script({ target: 'endpoints', body: '{"value":[]}' });
  const { status, body } = await http.send('GET', '/api/doctor', asOperator());
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ ok: false, counts: { failed: 1 } });
});

test('it is for operators alone', async () => {
  expect((await http.send('GET', '/api/doctor')).status).toBe(401);
  expect((await http.send('POST', '/api/doctor', { 'x-api-key': stack.apiKey })).status).toBe(401);
});
