// Cisco's MDM API: /ciscoise/…, and the same behind the "Instance Name" that ISE may put before it. Refusals are XML,
// and a 401 asks for Basic: ISE sends it, and no browser has anything to do here.

import {
  app,
  type HttpFunctionOptions,
  type HttpRequest,
  type HttpResponseInit,
  type InvocationContext,
} from '@azure/functions';
import { DIALECT_MEDIA_TYPE } from '../shared/domain/mdm-dialect.ts';
import { ANSWER_HEADERS } from '../shared/http/answer-headers.ts';
import { showErrorXml } from '../shared/http/show-error-xml.ts';
import { boundedBody, refuseLargeBody } from './bounded-body.ts';
import { connector, startFailure } from './connector.ts';
import { presentedCredential } from './presented-credential.ts';
import { refusal } from './refusal.ts';

/** Bytes: a hundred devices, each by at most 128 bytes, with their elements. */
const LARGEST_BODY = 32_768;
const XML = { 'content-type': `${DIALECT_MEDIA_TYPE}; charset=utf-8` };
/** Seconds after which a refusal that is not the asker's fault is worth another question. */
const RETRY_AFTER = '10';

app.http('ciscoise', routed('ciscoise/{*rest}'));
app.http('ciscoise-instance', routed('{instance}/ciscoise/{*rest}'));

function routed(route: string): HttpFunctionOptions {
  return { route, methods: ['GET', 'POST', 'PUT'], authLevel: 'anonymous', handler: answer };
}

async function answer(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const credential = presentedCredential(request, true);
  try {
    const failure = startFailure();
    if (failure !== undefined) throw failure;
    refuseLargeBody(request, LARGEST_BODY);
    const { method, query, url } = request;
    const asked = { method, path: new URL(url).pathname, query };
    const body = await connector().mdmApi(credential, asked, () => boundedBody(request, LARGEST_BODY));
    return { body, headers: { ...ANSWER_HEADERS, ...XML } };
  } catch (thrown) {
    const { status, jsonBody, headers } = refusal('mdm-api.refused', thrown, credential, context);
    return {
      status: status ?? 500,
      body: showErrorXml(jsonBody),
      headers: {
        ...headers,
        ...XML,
        ...(status === 401 && { 'www-authenticate': 'Basic realm="MDM API", charset="UTF-8"' }),
        ...(status === 503 && { 'retry-after': RETRY_AFTER }),
      },
    };
  }
}
