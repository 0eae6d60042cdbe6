// Operators see how the poll is doing and what it holds, let that through or refuse it, and have a sweep begin.

import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const POLL: Answers<'poll-status' | 'poll-release' | 'poll-refuse' | 'poll-sweep'> = {
  'poll-status': async (_request, credential) => ({ jsonBody: await connector().pollStatus(credential) }),
  async 'poll-release'(_request, credential, body) {
    return { status: 202, jsonBody: { released: await connector().releaseHeld(credential, body) } };
  },
  async 'poll-refuse'(_request, credential, body) {
    return { status: 202, jsonBody: { refused: await connector().refuseHeld(credential, body) } };
  },
  async 'poll-sweep'(_request, credential, body) {
    return { status: 202, jsonBody: { sweep: await connector().sweepNow(credential, body) } };
  },
};
