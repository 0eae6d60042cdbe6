// One box for everything: a text leads to devices, sessions, decisions and jobs.

import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const SEARCH: Answers<'search'> = {
  async search({ method, query }, credential, body) {
    return { jsonBody: await connector().search(credential, query, method === 'POST' ? body : undefined) };
  },
};
