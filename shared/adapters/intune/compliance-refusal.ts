// Turns a refusal of the Compliance Retrieval service into one of this product's errors.

import { SourceError } from '../../errors.ts';
import type { HttpAnswer } from '../https/https-transport.ts';
import { clockOfAnswer, parseRetryAfter } from '../https/retry-after.ts';

const FOUR_HOURS_MS = 4 * 3_600_000;

/**
 * @param kind the noncompliant list is answered with 503 when it is asked for more than once in four hours; single
 * devices never are (Microsoft, "Network access control integration with Intune")
 */
export function complianceRefusal({ status, headers }: HttpAnswer, kind: 'device' | 'list', now: Date): SourceError {
  const said = `Intune’s Compliance Retrieval service answered ${status}.`;
  const longest = kind === 'list' ? FOUR_HOURS_MS : undefined;
  const retryAfterMs = parseRetryAfter(headers['retry-after'], clockOfAnswer(headers, now), longest);
  const details = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 429 || (status === 503 && kind === 'list')) {
    const action =
      kind === 'list'
        ? 'The list was asked for within the last four hours, maybe by another product: it is asked for later.'
        : 'Intune asks us to slow down; it is asked again later.';
    return new SourceError('NAC_SOURCE_THROTTLED', said, { ...details, action });
  }
  if (status === 401) {
    const action = 'The token was refused: check the audience of the Intune API for your cloud, and the clock.';
    return new SourceError('NAC_SOURCE_UNAUTHORIZED', said, { ...details, action });
  }
  if (status === 403) {
    const action =
      'Give the app registration the application permission get_device_compliance of the Intune API and grant admin consent. What is stored stays meanwhile, and it is asked again by itself.';
    return new SourceError('NAC_SOURCE_FORBIDDEN', said, { ...details, action });
  }
  const action = 'It is asked again by itself; look at the Microsoft 365 service health if it goes on.';
  return new SourceError('NAC_SOURCE_UNAVAILABLE', said, { ...details, action });
}
