// Wires what checks the tokens of people who sign in to the console. Its packages and its connection are there from the
// first token on, so that lookups never load them.

import type { HttpsTransport } from '../adapters/https/https-transport.ts';
import type { OperatorTokens } from '../ports/operator-tokens.ts';
import type { Context } from './context.ts';
import { lazy } from './lazy.ts';

/**
 * @param standIn in place of the connection to Microsoft Entra
 * @returns `undefined` where the console is off
 */
export function openOperatorTokens(
  { settings, clock, log, closing }: Context,
  standIn?: Pick<HttpsTransport, 'send'>,
): OperatorTokens | undefined {
  const { console: registration } = settings;
  if (registration === undefined) return undefined;
  const opened = lazy(async () => {
    const { createOperatorTokens } = await import('../adapters/entra/operator-tokens.ts');
    const { SigningKeys } = await import('../adapters/entra/signing-keys.ts');
    const transport = standIn ?? (await openTransport());
    const keys = new SigningKeys({ transport, clock, log, ...registration });
    return createOperatorTokens(registration, keys, clock);
  });
  return { check: async (token, options) => (await opened()).check(token, options) };

  async function openTransport(): Promise<HttpsTransport> {
    const { createHttpsTransport } = await import('../adapters/https/https-transport.ts');
    const { extraCaFile, proxy, connectTimeoutMs, readTimeoutMs: answerTimeoutMs } = settings.network;
    const transport = createHttpsTransport({
      ...{ extraCaFile, proxy, connectTimeoutMs, answerTimeoutMs },
      longestAnswerBytes: LONGEST_DOCUMENT_BYTES,
    });
    closing.push(() => transport.close());
    return transport;
  }
}

/** The keys of a tenant have some 20 KB, each with its certificates. */
const LONGEST_DOCUMENT_BYTES = 1_048_576;
