// A gateway between FreeRADIUS and the connector, as sites have them: it sees what passes, and can keep answers back.

import { type LookupStub, startLookupStub } from '../freeradius/lookup-stub.ts';
import type { LookupHttpClient } from '../lookup-http-client.ts';

const LOOKUP = '/lookup';
const ACCOUNTING = '/accounting';

export interface ConnectorGateway extends Pick<LookupStub, 'baseUrl' | 'caFile' | 'stop'> {
  /** Resolves when the connector has answered the next accounting record that contains all these texts. */
  accounted(...texts: readonly string[]): Promise<void>;
  /** The connector goes on answering lookups, and no answer arrives until the returned function is called. */
  holdAnswers(): () => void;
}

/** @param connector asks the connector as the server behind the gateway */
export async function startConnectorGateway(connector: LookupHttpClient): Promise<ConnectorGateway> {
  const stub = await startLookupStub();
  const waiting = new Set<{ readonly texts: readonly string[]; readonly resolve: () => void }>();
  let mayPass = Promise.resolve();
  stub.answer = async ({ path, headers, body }) => {
    const passed = { 'x-api-key': String(headers['x-api-key']), accept: String(headers.accept) };
    const { status, contentType, body: answer } = await connector.post(path, body, passed);
    if (path.includes(ACCOUNTING)) {
      for (const entry of [...waiting].filter(({ texts }) => texts.every((text) => body.includes(text)))) {
        waiting.delete(entry);
        entry.resolve();
      }
    }
    if (path.includes(LOOKUP)) await mayPass;
    return { status, contentType, body: answer };
  };
  return {
    baseUrl: stub.baseUrl,
    caFile: stub.caFile,
    stop: () => stub.stop(),
    accounted: (...texts) => new Promise((resolve) => void waiting.add({ texts, resolve })),
    holdAnswers() {
      const { promise, resolve } = Promise.withResolvers<void>();
      mayPass = promise;
      return resolve;
    },
  };
}
