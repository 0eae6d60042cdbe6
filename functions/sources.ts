// The versions of sources.yaml, for operators: list, read, upload, activate, roll back.

import { readReason, readReasonHeader } from '../shared/http/read-reason.ts';
import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const SOURCES: Answers<
  'sources' | 'sources-text' | 'upload-sources' | 'activate-sources' | 'roll-back-sources'
> = {
  sources: async (_request, credential) => ({ jsonBody: await (await connector().sources(credential)).overview() }),
  async 'sources-text'({ params: { version = '' } }, credential) {
    const sources = await connector().sources(credential);
    return { body: await sources.text(version), headers: { 'content-type': 'application/yaml; charset=utf-8' } };
  },
  async 'upload-sources'({ params: { version = '' }, headers }, credential, body) {
    const sources = await connector().sources(credential);
    const { reason } = readReasonHeader(headers.get('x-reason'));
    const { created } = await sources.upload(version, await body(), reason);
    return { status: created ? 201 : 200, jsonBody: { version, created } };
  },
  async 'activate-sources'({ params: { version = '' } }, credential, body) {
    const sources = await connector().sources(credential);
    return { jsonBody: await sources.activate(version, readReason(await body()).reason) };
  },
  async 'roll-back-sources'({ query }, credential, body) {
    const sources = await connector().sources(credential);
    const { reason } = readReason(await body());
    return { jsonBody: await sources.rollBack(query.get('from') ?? undefined, reason) };
  },
};
