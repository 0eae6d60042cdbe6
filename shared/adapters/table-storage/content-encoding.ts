// Reads the body of an answer as text, compressed or not (RFC 9110 8.4).

import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';

/** As undici gives it. */
interface Body {
  text(): Promise<string>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

const DECODERS = new Map([
  ['gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
]);

/** @param encoding value of Content-Encoding */
export async function decoded(encoding: string | string[] | undefined, body: Body): Promise<string> {
  const decode = typeof encoding === 'string' ? DECODERS.get(encoding.toLowerCase()) : undefined;
  if (decode === undefined) return body.text();
  return (await decode(Buffer.from(await body.arrayBuffer()))).toString('utf8');
}
