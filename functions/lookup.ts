// POST /api/lookup: a RADIUS server asks whether a station may get on. Every decision is a 200.

import type { HttpRequest } from '@azure/functions';
import { renderJson, renderText } from '../shared/lookup/render-answer.ts';
import { connector } from './connector.ts';
import { httpRoute } from './http-route.ts';

httpRoute('lookup', {
  route: 'api/lookup',
  method: 'POST',
  async answer(request, credential) {
    const answer = await connector().lookup(credential, await request.text());
    if (!wantsText(request)) return { jsonBody: renderJson(answer) };
    return { body: renderText(answer), headers: { 'content-type': 'text/plain; charset=utf-8' } };
  },
});

/** FreeRADIUS asks for text by name; anything less exact gets JSON, which its pattern refuses. */
function wantsText(request: HttpRequest): boolean {
  return /^text\/plain\b/i.test(request.headers.get('accept') ?? '');
}
