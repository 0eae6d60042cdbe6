// Requests that the web server of the .NET host, Kestrel, refuses before any function sees them.

import type { IncomingMessage } from 'node:http';

/** KestrelServerLimits: MaxRequestLineSize and MaxRequestHeadersTotalSize, in bytes, and MaxRequestHeaderCount. */
const LONGEST_REQUEST_LINE = 8 * 1024;
const LARGEST_HEADERS = 32 * 1024;
const MOST_HEADERS = 100;
/** Node's own limit for a head: so much above Kestrel's that what is refused here has been read whole. */
export const LARGEST_HEAD_READ = 4 * LARGEST_HEADERS;

/** The status of the refusal; nothing for a request that goes on to a function. */
export function kestrelRefusal(request: IncomingMessage): 400 | 414 | 431 | undefined {
  const target = request.url ?? '/';
  const line = `${request.method} ${target} HTTP/${request.httpVersion}\r\n`;
  if (Buffer.byteLength(line, 'latin1') > LONGEST_REQUEST_LINE) return 414;
  if (request.rawHeaders.length / 2 > MOST_HEADERS || sizeOf(request.rawHeaders) > LARGEST_HEADERS) return 431;
  const hosts = request.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length;
  if (hosts > 1 || request.rawHeaders.some(isNotAscii)) return 400;
  if (/^[^?]*%00/.test(target) || namesAnotherHost(target, request.headers.host)) return 400;
  return undefined;
}

/**
 * The status for what Node's parser gives up at, while Kestrel says more: a method that nothing knows is a route that
 * is not there. Of a head that is too large to be read, Node hands on the piece that came last: it may begin anywhere.
 */
export function unparsedRefusal({ code, rawPacket }: NodeJS.ErrnoException & { rawPacket?: Buffer }): number {
  const begin = rawPacket?.subarray(0, LONGEST_REQUEST_LINE + 1).toString('latin1') ?? '';
  if (code === 'HPE_INVALID_METHOD' && /^[!#$%&'*+.^`|~\w-]+ \/\S* HTTP\/1\.[01]\r?\n/.test(begin)) return 404;
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}

/** With ": " and the end of the line. */
function sizeOf(rawHeaders: readonly string[]): number {
  return rawHeaders.reduce((size, part) => size + part.length + 2, 0);
}

/** Node hands on headers byte by byte, as latin1. */
function isNotAscii(text: string): boolean {
  return /[^\t\x20-\x7e]/.test(text);
}

function namesAnotherHost(target: string, host: string | undefined): boolean {
  if (!/^https?:\/\//i.test(target)) return false;
  return URL.parse(target)?.host !== URL.parse(`http://${host ?? ''}`)?.host;
}
