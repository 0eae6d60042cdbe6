// The overview: asked for every few seconds by each open page, so that what is unchanged is not sent again.

import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const OVERVIEW: Answers<'overview'> = {
  async overview({ headers }, credential) {
    const { overview, etag } = await connector().overview(credential);
    const known = (headers.get('if-none-match') ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''));
    if (known.includes(etag) || known.includes('*')) return { status: 304, headers: { etag } };
    return { jsonBody: overview, headers: { etag } };
  },
};
