// GET /api/poll: operators see how the poll is doing and what it holds.
// POST /api/poll/release {"runId": "…", "reason": "…"}: an operator lets through what that run held.
// POST /api/poll/refuse, the same body: what that run held stays held.
// POST /api/poll/sweep: the next tick begins a sweep.

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

httpRoute('poll-sweep', {
  route: 'api/poll/sweep',
  method: 'POST',
  async answer(_request, credential, body) {
    return { status: 202, jsonBody: { sweep: await connector().sweepNow(credential, body) } };
  },
});
