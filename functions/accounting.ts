// POST /api/accounting: a RADIUS server delivers an accounting record, most likely from a spool and perhaps not for the
// first time. 200 means that it need not be delivered again.

import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { connector } from './connector.ts';
import { NOT_CACHED, refusal } from './refusal.ts';

app.http('accounting', { route: 'api/accounting', methods: ['POST'], authLevel: 'anonymous', handler: accounting });

async function accounting(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  try {
    const result = await connector().accounting(request.headers.get('x-api-key'), await request.text());
    return { jsonBody: result, headers: NOT_CACHED };
  } catch (thrown) {
    return refusal('accounting.refused', thrown, context);
  }
}
