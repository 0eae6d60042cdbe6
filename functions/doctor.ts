// Operators test every connection of the functions, as JSON or, with ?format=text, as text.

import { renderReport } from '../shared/doctor/render-report.ts';
import { connector } from './connector.ts';
import type { Answers } from './http-route.ts';

export const DOCTOR: Answers<'doctor'> = {
  /** A report with failed checks is an answer too: the status is 200. */
  async doctor({ query }, credential) {
    const report = await connector().doctor(credential);
    if (query.get('format') !== 'text') return { jsonBody: report };
    return { body: renderReport(report), headers: { 'content-type': 'text/plain; charset=utf-8' } };
  },
};
