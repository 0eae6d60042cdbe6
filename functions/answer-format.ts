// In which form a lookup is answered: the asker chooses, by the parameter `format` or by Accept.

import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { RequestError } from '../shared/errors.ts';
import type { LookupAnswer } from '../shared/lookup/answer-lookup.ts';
import { renderJson, renderText, renderWholeText } from '../shared/lookup/render-answer.ts';
import { renderRlmRest } from '../shared/lookup/render-rlm-rest.ts';

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

const FORMATS = {
  json: (answer) => ({ jsonBody: renderJson(answer) }),
  text: (answer) => ({ body: renderText(answer), headers: TEXT }),
  whole: (answer) => ({ body: renderWholeText(answer), headers: TEXT }),
  rlm_rest: (answer) => ({ jsonBody: renderRlmRest(answer) }),
} as const satisfies Record<string, (answer: LookupAnswer) => HttpResponseInit>;

/**
 * Without `format`, FreeRADIUS asks for text by name; anything less exact gets JSON, which its pattern refuses. The
 * whole answer is for those that prefer it (RFC 7240 2): a sample of before refuses more than the short line.
 * @throws RequestError NAC_REQUEST_FIELD
 */
export function answerFormat({ query, headers }: HttpRequest): (answer: LookupAnswer) => HttpResponseInit {
  const wanted = query.get('format');
  if (wanted === null) {
    if (!/^text\/plain\b/i.test(headers.get('accept') ?? '')) return FORMATS.json;
    return /(?:^|[,;])\s*answer=whole\s*(?:$|[,;])/i.test(headers.get('prefer') ?? '') ? FORMATS.whole : FORMATS.text;
  }
  if (Object.hasOwn(FORMATS, wanted)) return FORMATS[wanted as keyof typeof FORMATS];
  throw new RequestError(400, 'NAC_REQUEST_FIELD', `The parameter format must be one of ${Object.keys(FORMATS)}.`, {
    action: 'Correct the query; docs/lookup.md describes the forms.',
    field: 'format',
  });
}
