// An HTTPS server in place of the connector: it records the lookups and accounting records it receives and answers as
// the test says.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { createTestAuthority } from './certificates.ts';

/** The key of the servers that ask: FreeRADIUS must not read its own language, JSON or an escape into it. */
export const API_KEY = 'key-%{User-Name}-"quoted"-\\backslash';

export interface ReceivedLookup {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface StubAnswer {
  readonly status?: number;
  /** `text/plain` by default. */
  readonly contentType?: string;
  readonly body: string;
  /** `chunked`: in pieces, as the Functions host answers. `truncated`: the connection ends within the body. */
  readonly framing?: 'chunked' | 'truncated';
}

/** An answer; `reset` closes the connection instead; a promise is an answer that the test holds back. */
export type Answering = (lookup: ReceivedLookup) => StubAnswer | 'reset' | Promise<StubAnswer | 'reset'>;

export interface LookupStub {
  readonly baseUrl: string;
  /** PEM file with the CA certificate behind the stub's own certificate. */
  readonly caFile: string;
  /** Everything received, oldest first; cleared by `reset`. */
  readonly lookups: readonly ReceivedLookup[];
  answer: Answering;
  /** The same answer to everything from now on. */
  answerWith(body: string, more?: Omit<StubAnswer, 'body'>): void;
  /** The JSON of the lookup at the given place, its texts turned back into UTF-8 as the connector does it. */
  question(index?: number): Record<string, unknown>;
  /** Resolves as soon as so many lookups have been received. */
  received(count: number): Promise<void>;
  /** Forgets the lookups and answers `deny` again. */
  reset(): void;
  /** Stops listening and closes all connections; the address stays the same for `listen`. */
  close(): Promise<void>;
  listen(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

const deny: Answering = () => ({ body: 'deny' });

export async function startLookupStub(): Promise<LookupStub> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-lookup-stub-'));
  const caFile = path.join(folder, 'ca.pem');
  const ca = await createTestAuthority('Test Connector CA');
  const certificate = await ca.issueServerCertificate({ commonName: 'localhost', dnsNames: ['localhost'] });
  writeFileSync(caFile, ca.certificatePem);

  const lookups: ReceivedLookup[] = [];
  const waiting = new Set<() => void>();
  const server = https.createServer({ cert: certificate.chainPem, key: certificate.privateKeyPem });
  let port = 0;

  const stub: LookupStub = {
    get baseUrl() {
      return `https://localhost:${port}`;
    },
    caFile,
    lookups,
    answer: deny,
    answerWith(body, more) {
      stub.answer = () => ({ body, ...more });
    },
    question(index = 0) {
      const received = lookups[index];
      if (received === undefined) throw new Error(`There is no lookup number ${index}`);
      return JSON.parse(received.body, (_, value) =>
        typeof value === 'string' ? Buffer.from(value, 'latin1').toString('utf8') : value,
      );
    },
    received(count) {
      return new Promise((resolve) => {
        const check = () => {
          if (lookups.length < count) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      });
    },
    reset() {
      lookups.length = 0;
      stub.answer = deny;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
    async listen() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
    },
    async stop() {
      if (server.listening) await stub.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    const lookup = { method, path: url, headers, body: await text(request) };
    lookups.push(lookup);
    for (const check of waiting) check();
    const answer = await stub.answer(lookup);
    if (answer === 'reset') {
      request.socket.destroy();
      return;
    }
    const { status = 200, contentType = 'text/plain', body, framing } = answer;
    const length = framing === 'truncated' ? { 'Content-Length': Buffer.byteLength(body) + 10 } : {};
    response.writeHead(status, { 'Content-Type': contentType, ...length });
    if (framing === 'truncated') {
      response.write(body, () => request.socket.destroy());
      return;
    }
    if (framing === 'chunked') response.write(body.slice(0, 3));
    response.end(framing === 'chunked' ? body.slice(3) : body);
  };
  server.on('request', (request, response) => {
    // A client that gives up in the middle is no failure of the stub.
    serve(request, response).catch(() => request.socket.destroy());
  });

  await stub.listen();
  return stub;
}
