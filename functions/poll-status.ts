// GET /api/poll: operators see how the poll is doing and what it holds.
// POST /api/poll/release {"runId": "…", "reason": "…"}: an operator lets through what that run held.
// POST /api/poll/refuse, the same body: what that run held stays held.

import { connector } from './connector.ts';
import { httpRoute } from './http-route.ts';

httpRoute('poll-status', {
  route: 'api/poll',
  method: 'GET',
  answer: async (_request, credential) => ({ jsonBody: await connector().pollStatus(credential) }),
});

httpRoute('poll-release', {
  route: 'api/poll/release',
  method: 'POST',
  async answer(_request, credential, body) {
    return { status: 202, jsonBody: { released: await connector().releaseHeld(credential, body) } };
  },
});

httpRoute('poll-refuse', {
  route: 'api/poll/refuse',
  method: 'POST',
  async answer(_request, credential, body) {
    return { status: 202, jsonBody: { refused: await connector().refuseHeld(credential, body) } };
  },
});
