// POST /api/lookup: a RADIUS server asks whether a station may get on. Every decision is a 200.

import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { RequestError, StoreError, toConnectorError } from '../shared/errors.ts';
import { renderJson, renderText } from '../shared/lookup/render-answer.ts';
import { connector } from './connector.ts';

app.http('lookup', { route: 'api/lookup', methods: ['POST'], authLevel: 'anonymous', handler: lookup });

async function lookup(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  try {
    const answer = await connector().lookup(request.headers.get('x-api-key'), await request.text());
    return wantsText(request) ? textAnswer(renderText(answer)) : { jsonBody: renderJson(answer), headers: NOT_CACHED };
  } catch (thrown) {
    return refusal(thrown, context);
  }
}

const NOT_CACHED = { 'cache-control': 'no-store' };

/** FreeRADIUS asks for text by name; anything less exact gets JSON, which its pattern refuses. */
function wantsText(request: HttpRequest): boolean {
  return /^text\/plain\b/i.test(request.headers.get('accept') ?? '');
}

function textAnswer(body: string): HttpResponseInit {
  return { body, headers: { 'content-type': 'text/plain; charset=utf-8', ...NOT_CACHED } };
}

/** 400, 401 and 413 for the asker's faults, 503 for ours: no RADIUS server takes any of them for a permit. */
function refusal(thrown: unknown, context: InvocationContext): HttpResponseInit {
  const error = toConnectorError(thrown);
  const status = error instanceof RequestError ? error.status : error instanceof StoreError ? 503 : 500;
  const { code, message, action, field } = error;
  connector().log[status >= 500 ? 'error' : 'warn']('lookup.refused', {
    code,
    message,
    status,
    field,
    invocation: context.invocationId,
    ...(status === 500 && { stack: error.cause instanceof Error ? error.cause.stack : error.stack }),
  });
  const body =
    status === 500 ? { code, message: 'Something went wrong here.', action } : { code, message, action, field };
  return { status, jsonBody: body, headers: NOT_CACHED };
}
