// In which form a lookup is answered: the asker chooses, by the parameter `format` or by Accept.

import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { RequestError } from '../shared/errors.ts';
import type { LookupAnswer } from '../shared/lookup/answer-lookup.ts';
import { renderJson, renderText } from '../shared/lookup/render-answer.ts';
import { renderRlmRest } from '../shared/lookup/render-rlm-rest.ts';

const FORMATS = {
  json: (answer) => ({ jsonBody: renderJson(answer) }),
  text: (answer) => ({ body: renderText(answer), headers: { 'content-type': 'text/plain; charset=utf-8' } }),
  rlm_rest: (answer) => ({ jsonBody: renderRlmRest(answer) }),
} as const satisfies Record<string, (answer: LookupAnswer) => HttpResponseInit>;

/**
 * Without `format`, FreeRADIUS asks for text by name; anything less exact gets JSON, which its pattern refuses.
 * @throws RequestError NAC_REQUEST_FIELD
 */
export function answerFormat({ query, headers }: HttpRequest): (answer: LookupAnswer) => HttpResponseInit {
  const wanted = query.get('format');
  if (wanted === null) return /^text\/plain\b/i.test(headers.get('accept') ?? '') ? FORMATS.text : FORMATS.json;
  if (Object.hasOwn(FORMATS, wanted)) return FORMATS[wanted as keyof typeof FORMATS];
  throw new RequestError(400, 'NAC_REQUEST_FIELD', `The parameter format must be one of ${Object.keys(FORMATS)}.`, {
    action: 'Correct the query; docs/lookup.md describes the forms.',
    field: 'format',
  });
}
