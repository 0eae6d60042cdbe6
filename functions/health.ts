// GET /api/health: bare liveness, the only route without a credential. It says nothing about anything.

import { app } from '@azure/functions';

app.http('health', {
  route: 'api/health',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: async () => ({ jsonBody: { status: 'alive' }, headers: { 'cache-control': 'no-store' } }),
});
