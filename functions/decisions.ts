// Decisions that were made, for operators: a list newest first (read-decision-query.ts has the parameters), one with
// its reasons, and one decided again by another version of the policy.

import { connector } from './connector.ts';
import { httpRoute } from './http-route.ts';

httpRoute('decisions', {
  route: 'api/decisions',
  method: 'GET',
  answer: async ({ query }, credential) => ({ jsonBody: await (await connector().decisions(credential)).list(query) }),
});

/** Addresses and names of people belong into no URL, which logs keep: they are searched for by POST. */
httpRoute('search-decisions', {
  route: 'api/decisions/search',
  method: 'POST',
  largestBody: 4_096,
  async answer(_request, credential, body) {
    return { jsonBody: await (await connector().decisions(credential)).search(await body()) };
  },
});

httpRoute('decision', {
  route: 'api/decisions/{id}',
  method: 'GET',
  async answer({ params: { id = '' } }, credential) {
    return { jsonBody: await (await connector().decisions(credential)).explain(id) };
  },
});

httpRoute('replay-decision', {
  route: 'api/decisions/{id}/replay',
  method: 'GET',
  async answer({ params: { id = '' }, query }, credential) {
    return { jsonBody: await (await connector().decisions(credential)).replay(id, query.get('policy') ?? 'built-in') };
  },
});
