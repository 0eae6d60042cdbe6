// Answers of a NAS, signed as RFC 5176 wants it, or wrongly in a chosen way.

import { createHash, createHmac } from 'node:crypto';

export interface SignedAnswerOptions {
  readonly request: Uint8Array;
  readonly code: number;
  readonly secret: string;
  /** Attributes as on the wire, after the Message-Authenticator. */
  readonly attributes?: Uint8Array;
  /** `zero`: over zeros in place of the Request Authenticator. None by default. */
  readonly messageAuthenticator?: 'right' | 'zero' | 'wrong';
  readonly identifier?: number;
}

export function signedAnswer(options: SignedAnswerOptions): Buffer {
  const { request, code, secret, attributes = Buffer.alloc(0), messageAuthenticator } = options;
  const first =
    messageAuthenticator === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.of(80, 18), Buffer.alloc(16)]);
  const answer = Buffer.concat([Buffer.alloc(20), first, attributes]);
  answer.writeUInt8(code, 0);
  answer.writeUInt8(options.identifier ?? request[1] ?? 0, 1);
  answer.writeUInt16BE(answer.length, 2);
  if (messageAuthenticator !== 'zero') answer.set(request.subarray(4, 20), 4);
  if (messageAuthenticator !== undefined) {
    const digest = createHmac('md5', secret).update(answer).digest();
    if (messageAuthenticator === 'wrong') digest.reverse();
    answer.set(digest, 22);
  }
  answer.set(request.subarray(4, 20), 4);
  answer.set(createHash('md5').update(answer).update(secret).digest(), 4);
  return answer;
}

export function errorCauseAttribute(code: number): Buffer {
  const attribute = Buffer.from([101, 6, 0, 0, 0, 0]);
  attribute.writeUInt32BE(code, 2);
  return attribute;
}
