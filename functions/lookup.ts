// POST /api/lookup: a RADIUS server asks whether a station may get on. Every decision is a 200.

import { LARGEST_BODY } from '../shared/lookup/request-fields.ts';
import { answerFormat } from './answer-format.ts';
import { connector } from './connector.ts';
import { httpRoute } from './http-route.ts';

httpRoute('lookup', {
  route: 'api/lookup',
  method: 'POST',
  largestBody: LARGEST_BODY,
  async answer(request, credential, body) {
    const answer = await connector().lookup(credential, body);
    return answerFormat(request)(answer);
  },
});
