// POST /api/devices/{id}/reauthenticate: an operator has a device's stations authenticate again, by CoA.

import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { connector } from './connector.ts';
import { NOT_CACHED, refusal } from './refusal.ts';

if (connector().enforces) {
  app.http('reauthenticate', {
    route: 'api/devices/{id}/reauthenticate',
    methods: ['POST'],
    authLevel: 'anonymous',
    handler: reauthenticate,
  });
}

async function reauthenticate(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  try {
    const jobs = await connector().reauthenticate(request.headers.get('x-api-key'), request.params['id'] ?? '');
    return { status: 202, jsonBody: { jobs }, headers: NOT_CACHED };
  } catch (thrown) {
    return refusal('reauthenticate.refused', thrown, context);
  }
}
