// What an operator does with one device: POST /api/devices/{id}/refresh reads it from its source; reauthenticate and
// disconnect do so, too, and then have its stations authenticate again, or off the network, by CoA.

import { connector, hasJobRoutes } from './connector.ts';
import { httpRoute } from './http-route.ts';

httpRoute('refresh-device', {
  route: 'api/devices/{id}/refresh',
  method: 'POST',
  async answer({ params: { id = '' } }, credential, body) {
    return { jsonBody: await connector().refreshDevice(credential, id, body) };
  },
});

if (hasJobRoutes()) {
  httpRoute('reauthenticate', {
    route: 'api/devices/{id}/reauthenticate',
    method: 'POST',
    async answer({ params: { id = '' } }, credential, body) {
      return { status: 202, jsonBody: await connector().reauthenticate(credential, id, body) };
    },
  });

  httpRoute('disconnect', {
    route: 'api/devices/{id}/disconnect',
    method: 'POST',
    async answer({ params: { id = '' } }, credential, body) {
      return { status: 202, jsonBody: await connector().disconnect(credential, id, body) };
    },
  });
}
