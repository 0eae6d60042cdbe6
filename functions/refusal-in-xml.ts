// A refusal for Cisco ISE: in XML, and a 401 asks for Basic, which ISE sends. No browser has anything to do there.

import type { HttpResponseInit } from '@azure/functions';
import { DIALECT_MEDIA_TYPE } from '../shared/domain/mdm-dialect.ts';
import { showErrorXml } from '../shared/http/show-error-xml.ts';

/** Seconds after which a refusal that is not the asker's fault is worth another question. */
const RETRY_AFTER = '10';

/** @param refused as a route that speaks JSON refuses */
export function refusalInXml({ status = 500, jsonBody, headers }: HttpResponseInit): HttpResponseInit {
  return {
    status,
    body: showErrorXml(jsonBody),
    headers: {
      ...headers,
      'content-type': `${DIALECT_MEDIA_TYPE}; charset=utf-8`,
      ...(status === 401 && { 'www-authenticate': 'Basic realm="MDM API", charset="UTF-8"' }),
      ...(status === 503 && { 'retry-after': RETRY_AFTER }),
    },
  };
}
