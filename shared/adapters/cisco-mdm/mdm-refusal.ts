// Turns a refusal of an MDM server into one of this product's errors.

import { SourceError } from '../../errors.ts';
import type { HttpAnswer } from '../https/https-transport.ts';
import { clockOfAnswer, parseRetryAfter } from '../https/retry-after.ts';
import type { MdmPreset } from './presets/mdm-preset.ts';

/** @param host of the server, for a redirection */
export function mdmRefusal({ status, headers }: HttpAnswer, preset: MdmPreset, host: string, now: Date): SourceError {
  const said = `${preset.title} answered ${status}.`;
  const retryAfterMs = parseRetryAfter(headers['retry-after'], clockOfAnswer(headers, now));
  const details = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status >= 300 && status < 400) return redirected(said, headers['location'], host);
  if (status === 401) {
    const action = `The name or the password is wrong: use ${preset.right}. Some products switch HTTP Basic off by default.`;
    const means = 'The MDM does not take this account.';
    return new SourceError('NAC_SOURCE_UNAUTHORIZED', said, { ...details, action, means });
  }
  if (status === 403) {
    const action = `The account may not ask this: it needs ${preset.right}. What is stored stays meanwhile.`;
    const means = 'The MDM takes this account, and does not let it ask.';
    return new SourceError('NAC_SOURCE_FORBIDDEN', said, { ...details, action, means });
  }
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) {
    const action = 'The server asks us to slow down; it is asked again later.';
    return new SourceError('NAC_SOURCE_THROTTLED', said, { ...details, action });
  }
  if (status === 404) {
    const action =
      'No device is concluded to be gone from that. Check the address if it goes on; mdminfo is asked again.';
    return new SourceError('NAC_SOURCE_UNAVAILABLE', said, { ...details, action });
  }
  const action = 'It is asked again by itself; look at the server if it goes on.';
  return new SourceError('NAC_SOURCE_UNAVAILABLE', said, { ...details, action });
}

/** The account's password goes to the host that the operator named, and nowhere else. */
function redirected(said: string, location: string | undefined, host: string): SourceError {
  const base = `https://${host}`;
  const target = location !== undefined && URL.canParse(location, base) ? new URL(location, base).host : 'no host';
  return new SourceError('NAC_SOURCE_REDIRECTED', `${said} It leads from ${host} to ${target.slice(0, 100)}.`, {
    action:
      'It was not followed. If that host is yours, give its address; else look for a proxy or a sign-in page on the way.',
    field: 'location',
  });
}
