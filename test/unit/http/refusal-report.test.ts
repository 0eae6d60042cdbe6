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

test('a burst that ended is a line ten seconds later, with the next request of any kind or one that is answered', () => {
  const { logger, entries } = collectingLogger();
  const report = new RefusalReport(logger);
  for (let time = 0; time < 100; time++) report.refused('warn', 'lookup.refused', KIND, time, () => ({}));
  report.catchUp(9_000);
  expect(entries.map(({ fields }) => fields['requests'])).toEqual([1]);
  report.catchUp(11_000);
  report.catchUp(30_000);
  expect(entries.map(({ fields }) => fields['requests'])).toEqual([1, 99]);
  for (let time = 40_000; time < 40_100; time++) report.refused('warn', 'lookup.refused', KIND, time, () => ({}));
  report.refused('warn', 'lookup.refused', { ...KIND, field: 'method' }, 51_000, () => ({}));
  expect(entries.map(({ fields }) => fields['requests'])).toEqual([1, 99, 1, 1, 99]);
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
