// POST /api/accounting: a RADIUS server delivers an accounting record, most likely from a spool and perhaps not for the
// first time. 200 means that it need not be delivered again.

import { LARGEST_BODY } from '../shared/lookup/request-fields.ts';
import { connector } from './connector.ts';
import { httpRoute } from './http-route.ts';

httpRoute('accounting', {
  route: 'api/accounting',
  method: 'POST',
  largestBody: LARGEST_BODY,
  answer: async (_request, credential, body) => ({ jsonBody: await connector().accounting(credential, body) }),
});
