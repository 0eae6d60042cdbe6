// GET /api/jobs: operators see CoA jobs, newest first and page by page; read-job-query.ts has the parameters.

import { connector, hasJobRoutes } from './connector.ts';
import { httpRoute } from './http-route.ts';

if (hasJobRoutes()) {
  httpRoute('jobs', {
    route: 'api/jobs',
    method: 'GET',
    answer: async ({ query }, credential) => ({ jsonBody: await connector().jobs(credential, query) }),
  });
}
