// GET /api/audit: changes that people made, newest first; read-audit-query.ts has the parameters.

import { connector } from './connector.ts';
import { httpRoute } from './http-route.ts';

httpRoute('audit', {
  route: 'api/audit',
  method: 'GET',
  answer: async ({ query }, credential) => ({ jsonBody: await connector().audit(credential, query) }),
});
