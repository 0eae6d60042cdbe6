// Says why no answer came: DNS, connection, proxy, certificate, time.

import { errors } from 'undici';
import { SourceError } from '../../errors.ts';

const UNTRUSTED = /CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME/;

/** Only the host is named: a query may hold what does not belong in a log. */
export function unreachable(url: string, thrown: unknown, proxyUrl?: string): SourceError {
  const { host } = new URL(url);
  const { code, text } = innermost(thrown);
  const through = proxyUrl === undefined ? '' : ` through the proxy ${new URL(proxyUrl).host}`;
  if (UNTRUSTED.test(code)) {
    return new SourceError('NAC_INTUNE_UNTRUSTED', `The certificate of ${host} is not trusted${through}: ${code}.`, {
      action:
        'If a proxy opens TLS on the way, put its certificate authority into EXTRA_CA_FILE; else look who answers for this host.',
      cause: thrown,
    });
  }
  return new SourceError(
    'NAC_INTUNE_UNREACHABLE',
    `No answer from ${host}${through}: ${code === 'UND_ERR_ABORTED' ? text : code || text}.`,
    {
      action: whatToDo(thrown, code, text, proxyUrl),
      cause: thrown,
    },
  );
}

function whatToDo(thrown: unknown, code: string, text: string, proxyUrl: string | undefined): string {
  if (proxyUrl !== undefined && /Proxy response|PRX|ECONNREFUSED|ECONNRESET/.test(`${code} ${text}`)) {
    return text.includes('407')
      ? 'The proxy asks for a name and a password: put them into HTTPS_PROXY, http://name:password@host:port.'
      : 'Check HTTPS_PROXY, that the proxy runs, and that it lets this host through.';
  }
  const timedOut = thrown instanceof Error && (thrown.name === 'TimeoutError' || code.includes('TIMEOUT'));
  return timedOut
    ? 'The host did not answer in time; the poll tries again by itself. Check outbound HTTPS if it goes on.'
    : 'Check DNS and outbound HTTPS (port 443) from the function app to this host.';
}

/** undici wraps what went wrong between us and a proxy. */
function innermost(thrown: unknown): { code: string; text: string } {
  const error = thrown instanceof errors.UndiciError && thrown.cause instanceof Error ? thrown.cause : thrown;
  if (!(error instanceof Error)) return { code: '', text: String(error) };
  return { code: 'code' in error && typeof error.code === 'string' ? error.code : '', text: error.message };
}
