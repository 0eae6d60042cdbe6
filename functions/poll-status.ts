// GET /api/poll: operators see how the poll is doing and what it holds.
// POST /api/poll/release {"runId": "…"}: an operator lets through what that run held.

import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { connector } from './connector.ts';
import { NOT_CACHED, refusal } from './refusal.ts';

app.http('poll-status', { route: 'api/poll', methods: ['GET'], authLevel: 'anonymous', handler: pollStatus });
app.http('poll-release', { route: 'api/poll/release', methods: ['POST'], authLevel: 'anonymous', handler: release });

async function pollStatus(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  try {
    const status = await connector().pollStatus(request.headers.get('x-api-key'));
    return { jsonBody: status, headers: NOT_CACHED };
  } catch (thrown) {
    return refusal('poll-status.refused', thrown, context);
  }
}

async function release(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  try {
    const released = await connector().releaseHeld(request.headers.get('x-api-key'), await request.text());
    return { status: 202, jsonBody: { released }, headers: NOT_CACHED };
  } catch (thrown) {
    return refusal('poll-release.refused', thrown, context);
  }
}
