// POST /api/lookup: a RADIUS server asks whether a station may get on. Every decision is a 200.

import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { renderJson, renderText } from '../shared/lookup/render-answer.ts';
import { connector } from './connector.ts';
import { NOT_CACHED, refusal } from './refusal.ts';

app.http('lookup', { route: 'api/lookup', methods: ['POST'], authLevel: 'anonymous', handler: lookup });

async function lookup(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  try {
    const answer = await connector().lookup(request.headers.get('x-api-key'), await request.text());
    return wantsText(request) ? textAnswer(renderText(answer)) : { jsonBody: renderJson(answer), headers: NOT_CACHED };
  } catch (thrown) {
    return refusal('lookup.refused', thrown, context);
  }
}

/** FreeRADIUS asks for text by name; anything less exact gets JSON, which its pattern refuses. */
function wantsText(request: HttpRequest): boolean {
  return /^text\/plain\b/i.test(request.headers.get('accept') ?? '');
}

function textAnswer(body: string): HttpResponseInit {
  return { body, headers: { 'content-type': 'text/plain; charset=utf-8', ...NOT_CACHED } };
}
