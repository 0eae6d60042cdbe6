// Changes that people made.

import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const AUDIT: Answers<'audit'> = {
  audit: async ({ query }, credential) => ({ jsonBody: await connector().audit(credential, query) }),
};
