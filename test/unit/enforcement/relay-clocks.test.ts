// A relay whose clock is off is named, ahead or behind, and not with every report.

import { expect, test } from 'vitest';
import { advance } from '../../../shared/domain/coa/advance-job.ts';
import { decideJob } from '../../../shared/domain/coa/enforcement-job.ts';
import type { CoaReport } from '../../../shared/domain/coa-job.ts';
import { addMilliseconds } from '../../../shared/domain/instant.ts';
import { RelayClocks } from '../../../shared/enforcement/relay-clocks.ts';
import { aSession, QUARANTINE } from '../../support/a-session.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';

const NOW = '2026-11-20T11:00:00.000Z';
const QUEUED_AT = addMilliseconds(NOW, -30_000);
const MINUTE_MS = 60_000;

const decided = decideJob({
  session: aSession(),
  wanted: QUARANTINE,
  version: 'v2',
  reason: 'test',
  decidedAt: QUEUED_AT,
  now: QUEUED_AT,
});
const job = advance(decided, 'queued', QUEUED_AT);

function reportAt(milliseconds: number, relay = 'relay-1'): CoaReport {
  return { jobId: job.id, attempt: 1, site: 'hq', relay, stage: 'sent', at: addMilliseconds(NOW, milliseconds) };
}

test.each([
  ['ten minutes ahead', 10 * MINUTE_MS, 600],
  ['ten minutes behind, so that it took the job before it was queued', -10 * MINUTE_MS, -570],
])('a relay %s is named', (_, offMs, aheadSeconds) => {
  const { logger, entries } = collectingLogger();
  new RelayClocks(logger).note(reportAt(offMs), job, NOW);
  expect(entries).toMatchObject([
    {
      level: 'warn',
      event: 'clock.differs',
      fields: { code: 'NAC_CLOCK', relay: 'relay-1', site: 'hq', aheadSeconds },
    },
  ]);
});

test('one that is right within two minutes is not, whatever it did in between', () => {
  const { logger, entries } = collectingLogger();
  const clocks = new RelayClocks(logger);
  for (const offMs of [0, -30_000, 100_000, -140_000]) clocks.note(reportAt(offMs), job, NOW);
  expect(entries).toEqual([]);
});

test('a report that waited for hours says nothing of the clock', () => {
  const { logger, entries } = collectingLogger();
  new RelayClocks(logger).note(reportAt(0), job, addMilliseconds(NOW, 5 * 60 * MINUTE_MS));
  expect(entries).toEqual([]);
});

test('each relay is named once in ten minutes', () => {
  const { logger, entries } = collectingLogger();
  const clocks = new RelayClocks(logger);
  for (const relay of ['relay-1', 'relay-2']) {
    for (let count = 0; count < 5; count++) clocks.note(reportAt(10 * MINUTE_MS, relay), job, NOW);
  }
  expect(entries).toHaveLength(2);
  clocks.note(reportAt(30 * MINUTE_MS), job, addMilliseconds(NOW, 11 * MINUTE_MS));
  expect(entries).toHaveLength(3);
});
