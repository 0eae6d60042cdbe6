// MSAL with one credential. It keeps tokens until five minutes before their end.

import { AsyncLocalStorage } from 'node:async_hooks';
import { ConfidentialClientApplication } from '@azure/msal-node';
import { SourceError } from '../../errors.ts';
import type { HttpAnswer, HttpsTransport } from '../https/https-transport.ts';
import { clockOfAnswer, parseRetryAfter } from '../https/retry-after.ts';
import type { AccessToken } from './access-token.ts';
import type { AppIdentity } from './app-identity.ts';
import { createMsalNetworkClient } from './msal-network-client.ts';
import type { SignInCredential } from './sign-in-credentials.ts';
import { type EntraRefusal, toSignInError } from './sign-in-problem.ts';

/** What went wrong below MSAL, which passes on a text of its own instead. */
interface Call {
  failure?: SourceError;
  refusal?: EntraRefusal;
}

export class MsalApplication {
  readonly #application: ConfidentialClientApplication;
  readonly #calls = new AsyncLocalStorage<Call>();

  constructor(
    { authorityHost, tenantId, clientId }: Omit<AppIdentity, 'credential'>,
    { options }: SignInCredential,
    transport: HttpsTransport,
  ) {
    const networkClient = createMsalNetworkClient(transport, {
      failed: (thrown) => this.#failed(thrown),
      answered: (answer) => this.#answered(answer),
    });
    const { clientAssertion } = options;
    this.#application = new ConfidentialClientApplication({
      auth: {
        clientId,
        authority: `${authorityHost}/${tenantId}`,
        // Keeps MSAL from asking Microsoft's public cloud whether it knows the authority.
        knownAuthorities: [new URL(authorityHost).host],
        ...options,
        ...(typeof clientAssertion === 'function' && {
          clientAssertion: async (config) => {
            try {
              return await clientAssertion(config);
            } catch (thrown) {
              this.#failed(thrown);
              throw thrown;
            }
          },
        }),
      },
      system: { networkClient },
    });
  }

  /**
   * @param fresh asks Entra even if a token is kept
   * @throws SourceError NAC_SOURCE_TOKEN, or what the transport threw
   */
  getToken(resource: string, fresh: boolean): Promise<AccessToken> {
    const call: Call = {};
    return this.#calls.run(call, async () => {
      try {
        const scopes = [`${resource}/.default`];
        const result = await this.#application.acquireTokenByClientCredential({ scopes, skipCache: fresh });
        if (!result?.accessToken) throw new Error('the token response holds no access token');
        return { token: result.accessToken, expiresAt: result.expiresOn ?? undefined };
      } catch (thrown) {
        throw toSignInError(call.failure ?? thrown, call.refusal);
      }
    });
  }

  #failed(thrown: unknown): void {
    const call = this.#calls.getStore();
    if (call !== undefined && thrown instanceof SourceError) call.failure = thrown;
  }

  #answered(answer: HttpAnswer): void {
    const call = this.#calls.getStore();
    if (call !== undefined && answer.status >= 400) call.refusal = readRefusal(answer);
  }
}

function readRefusal({ headers, body }: HttpAnswer): EntraRefusal {
  const retryAfterMs = parseRetryAfter(headers['retry-after'], clockOfAnswer(headers));
  return {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    description: /"error_description"\s*:\s*"(AADSTS[^"]{0,600})/.exec(body.slice(0, 10_000))?.[1] ?? '',
  };
}
