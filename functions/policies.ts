// The versions of policy.yaml, for operators: list, read, upload, activate, roll back; and what a draft would change.

import { readReason, readReasonHeader } from '../shared/http/read-reason.ts';
import { connector } from './connector.ts';
import { FUNCTION_TIMEOUT_MS } from './function-timeout.ts';
import { httpRoute } from './http-route.ts';

/** Bytes: a policy has at most 100,000 characters, and names may be in any language. */
const LARGEST_POLICY = 262_144;

httpRoute('policies', {
  route: 'api/policies',
  method: 'GET',
  answer: async (_request, credential) => ({ jsonBody: await (await connector().policies(credential)).overview() }),
});

httpRoute('policy-text', {
  route: 'api/policies/{version}',
  method: 'GET',
  async answer({ params: { version = '' } }, credential) {
    const policies = await connector().policies(credential);
    return { body: await policies.text(version), headers: { 'content-type': 'application/yaml; charset=utf-8' } };
  },
});

httpRoute('upload-policy', {
  route: 'api/policies/{version}',
  method: 'PUT',
  largestBody: LARGEST_POLICY,
  async answer({ params: { version = '' }, headers }, credential, body) {
    const policies = await connector().policies(credential);
    const { reason } = readReasonHeader(headers.get('x-reason'));
    const { created } = await policies.upload(version, await body(), reason);
    return { status: created ? 201 : 200, jsonBody: { version, created } };
  },
});

httpRoute('activate-policy', {
  route: 'api/policies/{version}/activate',
  method: 'POST',
  async answer({ params: { version = '' } }, credential, body) {
    const policies = await connector().policies(credential);
    return { jsonBody: await policies.activate(version, readReason(await body()).reason) };
  },
});

httpRoute('rollback-policy', {
  route: 'api/policies/rollback',
  method: 'POST',
  async answer({ query }, credential, body) {
    const policies = await connector().policies(credential);
    const { reason } = readReason(await body());
    return { jsonBody: await policies.rollBack(query.get('from') ?? undefined, reason) };
  },
});

httpRoute('what-if', {
  route: 'api/policies/what-if',
  method: 'POST',
  largestBody: LARGEST_POLICY,
  async answer({ query }, credential, body) {
    const policies = await connector().policies(credential);
    return { jsonBody: await policies.whatIf(await body(), query, FUNCTION_TIMEOUT_MS) };
  },
});

httpRoute('mac-list', {
  route: 'api/mac-lists/{list}',
  method: 'GET',
  async answer({ params: { list = '' } }, credential) {
    const policies = await connector().policies(credential);
    return { body: await policies.macListText(list), headers: { 'content-type': 'text/plain; charset=utf-8' } };
  },
});

httpRoute('upload-mac-list', {
  route: 'api/mac-lists/{list}',
  method: 'PUT',
  largestBody: LARGEST_POLICY,
  async answer({ params: { list = '' }, headers }, credential, body) {
    const policies = await connector().policies(credential);
    const { reason } = readReasonHeader(headers.get('x-reason'));
    const { created, addresses } = await policies.uploadMacList(list, await body(), reason);
    return { status: created ? 201 : 200, jsonBody: { list, created, addresses } };
  },
});
