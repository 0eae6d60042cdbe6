// What routes that change a document have in common: why, and what they refuse.

import { text } from '../schema.ts';

export const REASON_HEADER = {
  'X-Reason': text('Why, in UTF-8 as encodeURIComponent writes it', { maxLength: 1_500 }),
};
export const CHANGES = { 403: ['NAC_CLIENT_SITE'], 411: ['NAC_REQUEST_CHUNKED'] } as const;
export const REASON_PROBLEMS = ['NAC_REQUEST_NOT_JSON', 'NAC_REQUEST_FIELD'] as const;
