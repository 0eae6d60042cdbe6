// POST /api/jobs/{site}/{id}/resend: an operator has a job sent again that came to nothing.

import { connector, hasJobRoutes } from './connector.ts';
import { httpRoute } from './http-route.ts';

if (hasJobRoutes()) {
  httpRoute('resend-job', {
    route: 'api/jobs/{site}/{id}/resend',
    method: 'POST',
    async answer({ params: { site = '', id = '' } }, credential, body) {
      return { status: 202, jsonBody: { site, job: await connector().resend(credential, site, id, body) } };
    },
  });
}
