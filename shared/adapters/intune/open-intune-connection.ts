// How Microsoft is reached, and what gets tokens there: one of each per process.

import type { Clock } from '../../ports/clock.ts';
import type { AppIdentity } from '../entra/app-identity.ts';
import { createTokenSource, type TokenSource } from '../entra/token-source.ts';
import { createHttpsTransport, type HttpsTransport } from '../https/https-transport.ts';

export interface IntuneConnection {
  readonly entra: AppIdentity;
  readonly graphEndpoint: string;
  readonly intuneAudience: string;
  readonly network: {
    readonly extraCaFile?: string;
    readonly proxy?: { readonly url: string; readonly bypass: string };
    readonly connectTimeoutMs: number;
    readonly readTimeoutMs: number;
  };
}

export interface OpenIntuneConnection {
  readonly transport: HttpsTransport;
  readonly tokens: TokenSource;
  close(): Promise<void>;
}

export function openIntuneConnection({ entra, network }: IntuneConnection, clock: Clock): OpenIntuneConnection {
  const { extraCaFile, proxy, connectTimeoutMs, readTimeoutMs: answerTimeoutMs } = network;
  const transport = createHttpsTransport({ extraCaFile, proxy, connectTimeoutMs, answerTimeoutMs });
  // The managed identity is asked on this machine, where no proxy may come between.
  const local = createHttpsTransport({ extraCaFile, connectTimeoutMs, answerTimeoutMs });
  return {
    transport,
    tokens: createTokenSource(entra, transport, local, () => clock.now()),
    async close() {
      await Promise.all([transport.close(), local.close()]);
    },
  };
}
