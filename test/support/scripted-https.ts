// An HTTPS server that answers as a test says, and the product's own transport to it: for answers the simulated tenant
// would never give.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServerCertificates } from '../../local/certificates/server-certificates.ts';
import { listenForHttp } from '../../local/intune-tenant/http-listener.ts';
import type { TokenSource } from '../../shared/adapters/entra/token-source.ts';
import { createHttpsTransport, type HttpsTransport } from '../../shared/adapters/https/https-transport.ts';

export interface SeenRequest {
  readonly method: string;
  /** Path and query, decoded. */
  readonly target: string;
  readonly authorization: string;
  readonly body: string;
}

export interface ScriptedReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is; anything else as JSON. */
  readonly body?: unknown;
  readonly hang?: boolean;
}

export interface ScriptedHttps extends AsyncDisposable {
  readonly url: string;
  readonly transport: HttpsTransport;
  readonly requests: SeenRequest[];
  /** Answers every request from now on. */
  reply: (request: SeenRequest) => ScriptedReply;
}

export async function startScriptedHttps(): Promise<ScriptedHttps> {
  const stack = new AsyncDisposableStack();
  const certificates = await createServerCertificates('Scripted answers CA');
  const requests: SeenRequest[] = [];
  let scripted: ScriptedHttps | undefined;
  const server = createServer(
    { cert: certificates.serverCertificatePem, key: certificates.serverPrivateKeyPem },
    async (request, response) => {
      const chunks: Buffer[] = await Array.fromAsync(request);
      const seen = {
        method: request.method ?? '',
        target: decodeURIComponent(request.url ?? ''),
        authorization: request.headers.authorization ?? '',
        body: Buffer.concat(chunks).toString('utf8'),
      };
      requests.push(seen);
      const { status = 200, headers = {}, body = '', hang } = scripted?.reply(seen) ?? {};
      if (hang) return;
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    },
  );
  const listener = await listenForHttp(server, 0, '127.0.0.1');
  stack.defer(() => listener.close());
  const folder = await mkdtemp(join(tmpdir(), 'nac-https-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const extraCaFile = join(folder, 'ca.pem');
  await writeFile(extraCaFile, certificates.caPem);
  const transport = createHttpsTransport({ extraCaFile });
  stack.defer(() => transport.close());
  scripted = {
    url: `https://localhost:${listener.port}`,
    transport,
    requests,
    reply: () => ({ status: 500 }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
  return scripted;
}

/** A token source whose tokens carry these application permissions, unsigned: they are not checked here. */
export function tokensWith(...roles: string[]): TokenSource {
  const payload = (resource: string): string =>
    Buffer.from(JSON.stringify({ aud: resource, roles })).toString('base64url');
  return {
    refused: () => {},
    getToken: async (resource) => `header.${payload(resource)}.signature`,
    credentials: async () => [],
  };
}
