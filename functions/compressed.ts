// JSON for people and programs that take it compressed (RFC 9110 12.5.3). Lookups are answered as they are: they are
// small, and wait for nothing.

import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { connector } from './connector.ts';

/** Bytes: what is smaller goes into one packet anyway. */
const LEAST = 1_024;

export async function compressed(
  { headers }: Pick<HttpRequest, 'headers'>,
  response: HttpResponseInit,
): Promise<HttpResponseInit> {
  if (response.jsonBody === undefined) return response;
  const varying = { ...response, headers: { ...response.headers, vary: 'Accept-Encoding' } };
  if (!takesGzip(headers.get('accept-encoding'))) return varying;
  const text = JSON.stringify(response.jsonBody);
  if (Buffer.byteLength(text) <= LEAST) return varying;
  const { jsonBody: _, ...rest } = varying;
  return {
    ...rest,
    body: await connector().compress(text),
    headers: { ...rest.headers, 'content-type': 'application/json', 'content-encoding': 'gzip' },
  };
}

/** `gzip;q=0` refuses it; `*` takes everything that is not named. */
export function takesGzip(accepted: string | null): boolean {
  const codings = (accepted ?? '')
    .split(',')
    .map((coding) => coding.split(';').map((part) => part.trim().toLowerCase()));
  const named =
    codings.find(([name]) => name === 'gzip' || name === 'x-gzip') ?? codings.find(([name]) => name === '*');
  return named !== undefined && !named.slice(1).some((weight) => /^q=0(?:\.0{0,3})?$/.test(weight));
}
