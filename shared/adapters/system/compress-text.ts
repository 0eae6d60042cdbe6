// Texts as gzip (RFC 1952).

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** Node compresses outside of the thread that answers lookups. */
export function compressText(text: string): Promise<Uint8Array> {
  return compress(text);
}
