// Cisco's MDM API: /ciscoise/…, and the same behind the "Instance Name" that ISE may put before it.

import { DIALECT_MEDIA_TYPE } from '../shared/domain/mdm-dialect.ts';
import { connector } from './connector.ts';
import type { AnswerRequest, Answers } from './http-route.ts';

const XML = { 'content-type': `${DIALECT_MEDIA_TYPE}; charset=utf-8` };

const answer: AnswerRequest<string | null> = async ({ method, query, url }, credential, body) => {
  const asked = { method, path: new URL(url).pathname, query };
  return { body: await connector().mdmApi(credential, asked, body), headers: XML };
};

export const MDM_API: Answers<'ciscoise' | 'ciscoise-instance'> = { ciscoise: answer, 'ciscoise-instance': answer };
