// One HTTP request with its answer, read and written the same way by the HTTPS listener and the control port.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { LocalError } from '../local-error.ts';

const LARGEST_BODY = 1_048_576;

export class BodyTooLargeError extends LocalError {
  constructor() {
    super(`the request body is larger than ${LARGEST_BODY} bytes`);
  }
}

export const ANSWER_DAMAGES = ['truncated', 'cut', 'stalled', 'reset'] as const;
/**
 * How an answer is spoilt on its way: `truncated` is a whole HTTP message around half the body, `cut` closes the
 * connection in the middle of the body, `stalled` stops there and keeps it open, `reset` closes it before the headers.
 */
export type AnswerDamage = (typeof ANSWER_DAMAGES)[number];

export type AnswerHeaders = Readonly<Record<string, string>>;

export interface HttpExchange {
  readonly method: string;
  /** As sent, without the query and not decoded. */
  readonly path: string;
  /** As sent, without the question mark and not decoded. */
  readonly rawQuery: string;
  readonly query: URLSearchParams;
  /** The value of a request header, by its lower-case name. */
  header(name: string): string | undefined;
  body(): Promise<string>;
  /** Spoils the answer that follows. */
  damageAnswer(damage: AnswerDamage): void;
  answer(status: number, headers: AnswerHeaders, body: string): void;
  answerJson(status: number, value: unknown, headers?: AnswerHeaders): void;
}

export function httpExchange(request: IncomingMessage, response: ServerResponse): HttpExchange {
  const target = request.url ?? '/';
  const queryStart = target.indexOf('?');
  const path = queryStart === -1 ? target : target.slice(0, queryStart);
  const rawQuery = queryStart === -1 ? '' : target.slice(queryStart + 1);

  let damage: AnswerDamage | undefined;

  const exchange: HttpExchange = {
    method: request.method ?? 'GET',
    path,
    rawQuery,
    query: new URLSearchParams(rawQuery),
    header(name) {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    async body() {
      const chunks: Buffer[] = [];
      let length = 0;
      // Leaving the loop early must not take the connection away: the refusal is still to be sent over it.
      const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
      for await (const chunk of body) {
        length += chunk.length;
        if (length > LARGEST_BODY) {
          throw new BodyTooLargeError();
        }
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    },
    damageAnswer(chosen) {
      damage = chosen;
    },
    answer(status, headers, body) {
      // The client may have left while the answer was made.
      if (response.destroyed || response.headersSent) {
        return;
      }
      if (status === 204) {
        response.writeHead(status, headers);
        response.end();
        return;
      }
      const whole = Buffer.from(body, 'utf8');
      const half = whole.subarray(0, Math.floor(whole.length / 2));
      if (damage === 'reset') {
        response.destroy();
        return;
      }
      const content = damage === 'truncated' ? half : whole;
      response.writeHead(status, { 'content-length': String(content.length), ...headers });
      if (damage === 'cut') {
        response.write(half, () => response.destroy());
      } else if (damage === 'stalled') {
        response.write(half);
      } else {
        response.end(content);
      }
    },
    answerJson(status, value, headers = {}) {
      exchange.answer(
        status,
        { 'content-type': 'application/json; charset=utf-8', ...headers },
        JSON.stringify(value, undefined, 2),
      );
    },
  };
  return exchange;
}
