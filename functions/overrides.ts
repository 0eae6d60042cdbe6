// Overrides of operators: made, listed, and ended early.

import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const OVERRIDES: Answers<'overrides' | 'make-override' | 'end-override'> = {
  overrides: async (_request, credential) => ({ jsonBody: await connector().overrides(credential) }),
  async 'make-override'(_request, credential, body) {
    const made = await connector().makeOverride(credential, body);
    return { status: made.created ? 201 : 200, jsonBody: made };
  },
  async 'end-override'({ params: { id = '' } }, credential, body) {
    return { jsonBody: await connector().endOverride(credential, id, body) };
  },
};
