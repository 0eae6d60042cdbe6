// Sessions: the answer given, the one wanted, and what is proven.

import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const SESSIONS: Answers<'sessions'> = {
  sessions: async ({ query }, credential) => ({ jsonBody: await connector().sessions(credential, query) }),
};
