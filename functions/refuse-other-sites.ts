// No page of another site changes anything here: a browser says where a request comes from (Fetch Metadata, W3C). No
// credential of ours is sent by a browser of itself, so this is a second wall.

import type { HttpRequest } from '@azure/functions';
import { RequestError } from '../shared/errors.ts';

/** Programs send no such header; `none` is a person who typed the address. */
const TRUSTED = new Set([null, 'same-origin', 'none']);

/** @throws RequestError 403 NAC_REQUEST_CROSS_SITE */
export function refuseOtherSites({ method, headers }: Pick<HttpRequest, 'method' | 'headers'>): void {
  if (method === 'GET' || TRUSTED.has(headers.get('sec-fetch-site'))) return;
  throw new RequestError(403, 'NAC_REQUEST_CROSS_SITE', 'The request comes from a page of another site.', {
    action: 'Use the console at the address of the function app, or send the request from a program.',
    field: 'Sec-Fetch-Site',
  });
}
