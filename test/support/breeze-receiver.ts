// Application Insights' ingestion on loopback, over TLS: takes what Microsoft's exporter sends, and keeps it.

import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { createServerCertificates } from '../../local/certificates/server-certificates.ts';

export interface Envelope {
  readonly name: string;
  readonly iKey?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: {
    readonly baseType: string;
    readonly baseData: {
      readonly properties?: Readonly<Record<string, string>>;
      readonly metrics?: readonly { readonly name: string; readonly value: number; readonly count?: number }[];
      readonly name?: string;
      readonly id?: string;
    };
  };
}

export interface BreezeReceiver extends AsyncDisposable {
  readonly connectionString: string;
  readonly caPem: string;
  readonly envelopes: readonly Envelope[];
  /** Authorization of each request. */
  readonly credentials: readonly (string | undefined)[];
}

/** @param status what every request is answered with */
export async function startBreezeReceiver(status = 200): Promise<BreezeReceiver> {
  const { caPem, serverCertificatePem: cert, serverPrivateKeyPem: key } = await createServerCertificates('Breeze CA');
  const envelopes: Envelope[] = [];
  const credentials: (string | undefined)[] = [];
  const server = createServer({ cert, key }, async (request, answer) => {
    const body = await buffer(request);
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    credentials.push(request.headers.authorization);
    const items = status === 200 ? (JSON.parse(text.toString()) as Envelope[]) : [];
    envelopes.push(...items);
    answer.writeHead(status, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ itemsReceived: items.length, itemsAccepted: items.length, errors: [] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    connectionString: `InstrumentationKey=0f8fad5b-d9cb-469f-a165-70867728950e;IngestionEndpoint=https://127.0.0.1:${port}/`,
    caPem,
    envelopes,
    credentials,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
