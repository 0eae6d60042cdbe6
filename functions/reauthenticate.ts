// POST /api/devices/{id}/reauthenticate: an operator has a device's stations authenticate again, by CoA.

import { connector, hasJobRoutes } from './connector.ts';
import { httpRoute } from './http-route.ts';

if (hasJobRoutes()) {
  httpRoute('reauthenticate', {
    route: 'api/devices/{id}/reauthenticate',
    method: 'POST',
    async answer({ params: { id = '' } }, credential, body) {
      return { status: 202, jsonBody: { jobs: await connector().reauthenticate(credential, id, body) } };
    },
  });
}
