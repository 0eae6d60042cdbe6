// CoA jobs: operators list them, and have one sent again that came to nothing.

import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const JOBS: Answers<'jobs' | 'resend-job'> = {
  jobs: async ({ query }, credential) => ({ jsonBody: await connector().jobs(credential, query) }),
  async 'resend-job'({ params: { site = '', id = '' } }, credential, body) {
    return { status: 202, jsonBody: { site, job: await connector().resend(credential, site, id, body) } };
  },
};
