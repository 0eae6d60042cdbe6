// Overrides of operators: POST /api/overrides blocks or lets on (shared/http/read-override.ts has the body), GET lists
// them, and POST /api/overrides/{id}/end ends one early.

import { connector } from './connector.ts';
import { httpRoute } from './http-route.ts';

httpRoute('overrides', {
  route: 'api/overrides',
  method: 'GET',
  answer: async (_request, credential) => ({ jsonBody: await connector().overrides(credential) }),
});

httpRoute('make-override', {
  route: 'api/overrides',
  method: 'POST',
  largestBody: 4_096,
  async answer(_request, credential, body) {
    const made = await connector().makeOverride(credential, body);
    return { status: made.created ? 201 : 200, jsonBody: made };
  },
});

httpRoute('end-override', {
  route: 'api/overrides/{id}/end',
  method: 'POST',
  largestBody: 4_096,
  async answer({ params: { id = '' } }, credential, body) {
    return { jsonBody: await connector().endOverride(credential, id, body) };
  },
});
