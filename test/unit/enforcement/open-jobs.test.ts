// Which job of a session goes on where there are several.

import { expect, test } from 'vitest';
import { decideJob, type EnforcementJob } from '../../../shared/domain/coa/enforcement-job.ts';
import { addMilliseconds } from '../../../shared/domain/instant.ts';
import { isNotSuperseded } from '../../../shared/enforcement/open-jobs.ts';
import { ANSWERED_AT, aSession, QUARANTINE } from '../../support/a-session.ts';

function jobAt(seconds: number, wanted: boolean): EnforcementJob {
  const at = addMilliseconds(ANSWERED_AT, seconds * 1000);
  const common = { session: aSession(), version: `v${seconds}`, reason: 'test', decidedAt: at, now: at };
  return decideJob(wanted ? { ...common, wanted: QUARANTINE } : common);
}

test.each([
  ['a newer job with an answer takes the place of an older one', true, true, false],
  ['of a job that wants no particular answer, too', false, true, false],
  ['an operator’s takes the place of another operator’s', false, false, false],
  ['an operator’s never takes the place of one with an answer', true, false, true],
])('%s', (_what, olderWants, newerWants, olderGoesOn) => {
  const [older, newer] = [jobAt(1, olderWants), jobAt(2, newerWants)];
  expect(isNotSuperseded(older, [newer, older])).toBe(olderGoesOn);
  expect(isNotSuperseded(newer, [newer, older])).toBe(true);
});
