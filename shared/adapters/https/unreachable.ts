// Says why no answer came: DNS, connection, proxy, certificate, time.

import { errors } from 'undici';
import { SourceError } from '../../errors.ts';

/** Of undici, when an answer passes `maxResponseSize`. */
const TOO_LONG = 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
const UNTRUSTED = /CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME/;

/**
 * Only the host is named: a query may hold what does not belong in a log.
 * @param thrown by undici or by Node.js
 */
export function unreachable(url: string, thrown: unknown, proxyUrl?: string): SourceError {
  const { host } = new URL(url);
  const { code, text, timedOut } = innermost(thrown);
  const through = proxyUrl === undefined ? '' : ` through the proxy ${new URL(proxyUrl).host}`;
  if (UNTRUSTED.test(code)) {
    return new SourceError('NAC_SOURCE_UNTRUSTED', `The certificate of ${host} is not trusted${through}: ${code}.`, {
      action:
        'If a proxy opens TLS on the way, put its certificate authority into EXTRA_CA_FILE; else look who answers for this host.',
      cause: thrown,
    });
  }
  if (code === TOO_LONG) {
    return new SourceError('NAC_SOURCE_PAGE', `The answer of ${host} is longer than any that is read.`, {
      action: 'It is asked again by itself; look what answers for this host if it goes on.',
      field: 'body',
      cause: thrown,
    });
  }
  const refusal = proxyUrl === undefined ? undefined : /(?:Proxy response \(|HTTP\/1\.\d )(\d{3})/.exec(text)?.[1];
  const why = refusal === undefined ? code || text : `the proxy answered ${refusal}`;
  return new SourceError('NAC_SOURCE_UNREACHABLE', `No answer from ${host}${through}: ${why}.`, {
    action: whatToDo({ timedOut, refusal, code, hasProxy: proxyUrl !== undefined }),
    cause: thrown,
  });
}

function whatToDo(found: {
  readonly timedOut: boolean;
  readonly refusal: string | undefined;
  readonly code: string;
  readonly hasProxy: boolean;
}): string {
  if (found.refusal === '407') {
    return 'The proxy asks for a name and a password: put them into HTTPS_PROXY, http://name:password@host:port.';
  }
  if (found.refusal !== undefined || (found.hasProxy && /PRX|PROXY|ECONNREFUSED|ECONNRESET/.test(found.code))) {
    return 'Check HTTPS_PROXY, that the proxy runs, and that it lets this host through.';
  }
  return found.timedOut
    ? 'The host did not answer in time; the poll tries again by itself. Check outbound HTTPS if it goes on.'
    : 'Check DNS and outbound HTTPS (port 443) from the function app to this host.';
}

/** Both undici and an aborted request wrap the real error. */
function innermost(thrown: unknown): { code: string; text: string; timedOut: boolean } {
  const wrapped = thrown instanceof errors.UndiciError || (thrown instanceof Error && thrown.name === 'AbortError');
  const error = wrapped && thrown.cause instanceof Error ? thrown.cause : thrown;
  if (!(error instanceof Error)) return { code: '', text: String(error), timedOut: false };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { code, text: error.message, timedOut: error.name === 'TimeoutError' || code.includes('TIMEOUT') };
}
