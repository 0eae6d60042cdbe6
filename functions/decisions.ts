// Decisions that were made: a list, one with its reasons, and one decided again by another version of the policy.

import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const DECISIONS: Answers<'decisions' | 'search-decisions' | 'decision' | 'replay-decision'> = {
  async decisions({ query }, credential) {
    return { jsonBody: await (await connector().decisions(credential)).list(query) };
  },
  async 'search-decisions'(_request, credential, body) {
    return { jsonBody: await (await connector().decisions(credential)).search(await body()) };
  },
  async decision({ params: { id = '' } }, credential) {
    return { jsonBody: await (await connector().decisions(credential)).explain(id) };
  },
  async 'replay-decision'({ params: { id = '' }, query }, credential) {
    return { jsonBody: await (await connector().decisions(credential)).replay(id, query.get('policy') ?? 'built-in') };
  },
};
