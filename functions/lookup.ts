// A RADIUS server asks whether a station may get on. Every decision is a 200.

import { answerFormat } from './answer-format.ts';
import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const LOOKUP: Answers<'lookup'> = {
  async lookup(request, credential, body) {
    const answer = await connector().lookup(credential, body);
    return answerFormat(request)(answer);
  },
};
