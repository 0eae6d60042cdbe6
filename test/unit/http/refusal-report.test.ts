// How many log lines refusals make.

import { expect, test } from 'vitest';
import { RefusalReport } from '../../../shared/http/refusal-report.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';

const KIND = { code: 'NAC_REQUEST_FIELD', status: 400, field: 'mac', client: 'radius-1' };

test('one line in ten seconds for a kind, with the number of requests since the last', () => {
  const { logger, entries } = collectingLogger();
  const report = new RefusalReport(logger);
  for (let time = 0; time <= 20_000; time += 100) report.refused('warn', 'lookup.refused', KIND, time, () => ({}));
  expect(entries.map(({ fields }) => fields['requests'])).toEqual([1, 100, 100]);
});

test('another client, code or field is a line of its own, and a clock that was set back stops none', () => {
  const { logger, entries } = collectingLogger();
  const report = new RefusalReport(logger);
  report.refused('warn', 'lookup.refused', KIND, 100_000, () => ({}));
  report.refused('warn', 'lookup.refused', { ...KIND, client: 'radius-2' }, 100_000, () => ({}));
  report.refused('warn', 'lookup.refused', { ...KIND, field: 'method' }, 100_000, () => ({}));
  report.refused('warn', 'lookup.refused', KIND, 0, () => ({}));
  expect(entries.length).toBe(4);
});
