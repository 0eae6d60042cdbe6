// A RADIUS server delivers an accounting record, most likely from a spool and perhaps not for the first time. 200 means
// that it need not be delivered again.

import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const ACCOUNTING: Answers<'accounting'> = {
  accounting: async (_request, credential, body) => ({ jsonBody: await connector().accounting(credential, body) }),
};
