// The versions of policy.yaml, for operators: list, read, upload, activate, roll back; and what a draft would change.

import { readReason, readReasonHeader } from '../shared/http/read-reason.ts';
import { connector } from './connector.ts';
import { FUNCTION_TIMEOUT_MS } from './function-timeout.ts';
import type { Answers } from './http-route.ts';

export const POLICIES: Answers<
  | ('policies' | 'policy-text' | 'upload-policy' | 'activate-policy' | 'roll-back-policy' | 'what-if' | 'policy-hits')
  | ('mac-list' | 'upload-mac-list')
> = {
  policies: async (_request, credential) => ({ jsonBody: await (await connector().policies(credential)).overview() }),
  async 'policy-hits'({ query }, credential) {
    return { jsonBody: await connector().policyHits(credential, query) };
  },
  async 'policy-text'({ params: { version = '' } }, credential) {
    const policies = await connector().policies(credential);
    return { body: await policies.text(version), headers: { 'content-type': 'application/yaml; charset=utf-8' } };
  },
  async 'upload-policy'({ params: { version = '' }, headers }, credential, body) {
    const policies = await connector().policies(credential);
    const { reason } = readReasonHeader(headers.get('x-reason'));
    const { created } = await policies.upload(version, await body(), reason);
    return { status: created ? 201 : 200, jsonBody: { version, created } };
  },
  async 'activate-policy'({ params: { version = '' } }, credential, body) {
    const policies = await connector().policies(credential);
    return { jsonBody: await policies.activate(version, readReason(await body()).reason) };
  },
  async 'roll-back-policy'({ query }, credential, body) {
    const policies = await connector().policies(credential);
    const { reason } = readReason(await body());
    return { jsonBody: await policies.rollBack(query.get('from') ?? undefined, reason) };
  },
  async 'what-if'({ query }, credential, body) {
    const policies = await connector().policies(credential);
    return { jsonBody: await policies.whatIf(await body(), query, FUNCTION_TIMEOUT_MS) };
  },
  async 'mac-list'({ params: { list = '' } }, credential) {
    const policies = await connector().policies(credential);
    return { body: await policies.macListText(list), headers: { 'content-type': 'text/plain; charset=utf-8' } };
  },
  async 'upload-mac-list'({ params: { list = '' }, headers }, credential, body) {
    const policies = await connector().policies(credential);
    const { reason } = readReasonHeader(headers.get('x-reason'));
    const { created, addresses } = await policies.uploadMacList(list, await body(), reason);
    return { status: created ? 201 : 200, jsonBody: { list, created, addresses } };
  },
};
