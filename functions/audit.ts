// Changes that people made, and who may make them with a key.

import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const AUDIT: Answers<'audit' | 'clients'> = {
  audit: async ({ query }, credential) => ({ jsonBody: await connector().audit(credential, query) }),
  clients: async (_request, credential) => ({ jsonBody: await connector().clients(credential) }),
};
