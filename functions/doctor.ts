// GET or POST /api/doctor: operators test every connection of the functions. ?format=text gives it as text.

import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { renderReport } from '../shared/doctor/render-report.ts';
import { connector } from './connector.ts';
import { httpRoute } from './http-route.ts';

httpRoute('doctor', { route: 'api/doctor', method: ['GET', 'POST'], answer: doctor });

/** A report with failed checks is an answer too: the status is 200. */
async function doctor({ query }: HttpRequest, credential: string | null): Promise<HttpResponseInit> {
  const report = await connector().doctor(credential);
  if (query.get('format') !== 'text') return { jsonBody: report };
  return { body: renderReport(report), headers: { 'content-type': 'text/plain; charset=utf-8' } };
}
