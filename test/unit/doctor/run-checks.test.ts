// The order of the doctor's checks, and what a failure does to the checks that rest on it.

import { expect, test } from 'vitest';
import { renderReport } from '../../../shared/doctor/render-report.ts';
import { runChecks } from '../../../shared/doctor/run-checks.ts';
import { wrapText } from '../../../shared/doctor/wrap-text.ts';
import { SourceError } from '../../../shared/errors.ts';
import type { Check, Outcome } from '../../../shared/ports/check.ts';
import type { Clock } from '../../../shared/ports/clock.ts';

/** Deadlines abort when the test says so. */
function aClock(): Clock & { end(): void } {
  const controller = new AbortController();
  return {
    now: () => new Date('2026-11-20T10:00:00Z'),
    deadline: () => controller.signal,
    within: (_milliseconds, work) => work(controller.signal),
    end: () => controller.abort(),
  };
}

const OK: Outcome = { status: 'ok', saw: 'fine' };
const check = (name: string, outcome: Outcome | Error, needs?: readonly string[]): Check => ({
  name,
  title: `Title of ${name}`,
  ...(needs && { needs }),
  run: async () => {
    if (outcome instanceof Error) throw outcome;
    return outcome;
  },
});

test('what rests on a failure is skipped, and names the first cause', async () => {
  const failure = new SourceError('NAC_SOURCE_UNREACHABLE', 'No answer.', { action: 'Check DNS.' });
  const report = await runChecks(
    [check('a', failure), check('b', OK, ['a']), check('c', OK, ['b']), check('d', OK)],
    aClock(),
  );
  expect(report.checks.map(({ status }) => status)).toEqual(['failed', 'skipped', 'skipped', 'ok']);
  expect(report.checks[2]?.saw).toContain('“Title of a”, which failed');
  expect(report).toMatchObject({ ok: false, counts: { ok: 1, warn: 0, failed: 1, skipped: 2 } });
});

test('a warning stops nothing', async () => {
  const report = await runChecks([check('a', { status: 'warn', saw: 'hm' }), check('b', OK, ['a'])], aClock());
  expect(report).toMatchObject({ ok: true, counts: { ok: 1, warn: 1 } });
});

test('every failure says what was seen, what it means and what to do, also an unforeseen one', async () => {
  const { checks } = await runChecks([check('a', new TypeError('x is not a function'))], aClock());
  expect(checks[0]).toMatchObject({ status: 'failed', code: 'NAC_INTERNAL', saw: expect.stringContaining('x is not') });
  expect(checks[0]?.means).toBeTruthy();
  expect(checks[0]?.action).toBeTruthy();
});

test('a check that never ends is given up', async () => {
  const clock = aClock();
  const endless: Check = { name: 'a', title: 'A', run: () => new Promise(() => {}) };
  const walking = runChecks([endless, check('b', OK)], clock);
  clock.end();
  expect((await walking).checks.map(({ status }) => status)).toEqual(['failed', 'ok']);
});

test('whatever a host answers, the text stays within 100 columns and without control characters', async () => {
  const outcome: Outcome = {
    status: 'failed',
    saw: `${'x'.repeat(300)} \u001b[31m evil ${'word '.repeat(60)}`,
    means: 'm',
    action: 'do',
    details: [`   ${'y'.repeat(250)}`, '\u001b]0;title\u0007'],
  };
  const text = renderReport(await runChecks([check('a', outcome)], aClock()));
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  expect([...text].filter((char) => char !== '\n' && /\p{C}/u.test(char))).toEqual([]);
  expect(text.match(/x/g)).toHaveLength(300);
});

test('wrapping loses no word', () => {
  expect(wrapText('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrapText('', 10)).toEqual(['']);
});
