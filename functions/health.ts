// GET /api/health: bare liveness, the only route without a credential. It says nothing about anything.

import { app } from '@azure/functions';
import { startFailure } from './connector.ts';
import { NOT_CACHED, refusal } from './refusal.ts';

app.http('health', {
  route: 'api/health',
  methods: ['GET'],
  authLevel: 'anonymous',
  async handler(_request, context) {
    const failure = startFailure();
    if (failure !== undefined) return refusal('health.refused', failure, null, context);
    return { jsonBody: { status: 'alive' }, headers: NOT_CACHED };
  },
});
