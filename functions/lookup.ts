// POST /api/lookup: a RADIUS server asks whether a station may get on. Every decision is a 200.

import { answerFormat } from './answer-format.ts';
import { connector } from './connector.ts';
import { httpRoute } from './http-route.ts';

httpRoute('lookup', {
  route: 'api/lookup',
  method: 'POST',
  async answer(request, credential) {
    const answer = await connector().lookup(credential, await request.text());
    return answerFormat(request)(answer);
  },
});
