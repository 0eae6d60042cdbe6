// Jobs: their ids, their stages, and reports in any order.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  advance,
  applyDeadLetter,
  applyReport,
  isDue,
  queuedAttempt,
  retryNow,
} from '../../../../shared/domain/coa/advance-job.ts';
import {
  decideJob,
  type EnforcementJob,
  isFinal,
  isInFlight,
  JOB_STAGES,
  type JobDecision,
  type JobStage,
} from '../../../../shared/domain/coa/enforcement-job.ts';
import type { CoaOutcome, CoaReport } from '../../../../shared/domain/coa-job.ts';
import { coaMessageId } from '../../../../shared/domain/coa-job.ts';
import { addMilliseconds, millisecondsBetween } from '../../../../shared/domain/instant.ts';
import { DEVICE_ID } from '../../../support/a-device.ts';
import { ANSWERED_AT, aDecision, aSession, NORMAL, QUARANTINE, SESSION_ID } from '../../../support/a-session.ts';

const NOW = '2026-11-20T11:00:00.000Z';
const FINAL: JobStage[] = ['dead-lettered', 'refused', 'proven', 'ended', 'superseded', 'expired'];

function decide(fields: Partial<JobDecision> = {}): EnforcementJob {
  return decideJob({
    session: aSession(),
    wanted: QUARANTINE,
    device: { source: 'intune', id: DEVICE_ID },
    version: 'v2',
    reason: 'compliant -> noncompliant',
    decidedAt: NOW,
    now: NOW,
    ...fields,
  });
}

function queued(attempt = 1): EnforcementJob {
  return advance(decide(), 'queued', NOW, attempt);
}

function report(stage: CoaReport['stage'], fields: Partial<CoaReport> = {}): CoaReport {
  return { jobId: decide().id, attempt: 1, site: 'hq', relay: 'relay-1', stage, at: NOW, ...fields };
}

function finished(outcome: CoaOutcome, fields: Partial<CoaReport> = {}): CoaReport {
  return report('finished', { outcome, ...fields });
}

function refused(code: number, attempt = 1): CoaReport {
  return finished('refused', { errorCause: { code, name: `Error-Cause ${code}` }, attempt });
}

const reported = (job: EnforcementJob, ...reports: CoaReport[]) =>
  reports.reduce((current, next) => applyReport(current, next, NOW), job);

function expectForward(before: EnforcementJob, next: EnforcementJob): void {
  if (next === before) return;
  expect(isFinal(before)).toBe(false);
  const rank = (job: EnforcementJob) => [job.attempt, JOB_STAGES.indexOf(job.stage)] as const;
  const [attemptBefore, stageBefore] = rank(before);
  const [attempt, stage] = rank(next);
  expect(attempt > attemptBefore || (attempt === attemptBefore && stage >= stageBefore)).toBe(true);
  expect(next.steps.slice(0, before.steps.length)).toEqual(before.steps);
}

describe('a decision makes a job', () => {
  test('that says what the station was answered, what it should be answered, and why', () => {
    expect(decide()).toMatchObject({
      site: 'hq',
      sessionId: SESSION_ID,
      device: { source: 'intune', id: DEVICE_ID },
      action: 'reauthenticate',
      reason: 'compliant -> noncompliant',
      answered: NORMAL,
      wanted: QUARANTINE,
      stage: 'decided',
      attempt: 1,
      decidedAt: NOW,
      steps: [{ stage: 'decided', attempt: 1, at: NOW }],
    });
    expect(decide().expiresAt > NOW).toBe(true);
  });

  test('the same decision makes the same job, another version, session or time another one', () => {
    expect(decide()).toEqual(decide());
    const others = [
      decide({ version: 'v3' }),
      decide({ session: aSession({ id: 'fedcba98765432100000' }) }),
      decide({ decidedAt: addMilliseconds(NOW, 1) }),
    ];
    expect(new Set([decide(), ...others].map(({ id }) => id)).size).toBe(4);
  });

  test('ids sort the newest first, from 2001 to 2100', () => {
    const time = fc.integer({ min: Date.UTC(2001), max: Date.UTC(2100) });
    const idAt = (milliseconds: number) => decide({ decidedAt: new Date(milliseconds).toISOString() }).id;
    fc.assert(
      fc.property(time, time, (a, b) => {
        fc.pre(a !== b);
        expect(idAt(Math.max(a, b)) < idAt(Math.min(a, b))).toBe(true);
      }),
    );
  });

  test('ids are safe as row keys and in reports', () => {
    expect(decide().id).toMatch(/^[A-Za-z0-9_.-]{1,200}$/);
    expect(decide({ version: 'notEnrolled' }).id).toMatch(/^[A-Za-z0-9_.-]{1,200}$/);
  });

  test('into quarantine is urgent, out of it is not', () => {
    expect(decide().urgent).toBe(true);
    const quarantined = aSession({ decision: aDecision({ outcome: QUARANTINE, standing: 'noncompliant' }) });
    expect(decide({ session: quarantined, wanted: NORMAL }).urgent).toBe(false);
  });

  test.each([
    ['inGracePeriod', 'noncompliant', true],
    ['compliant', 'inGracePeriod', true],
    ['compliant', 'notEnrolled', true],
    ['inGracePeriod', 'compliant', false],
    ['noncompliant', 'inGracePeriod', false],
    ['noncompliant', 'notEnrolled', false],
  ] as const)('%s -> %s takes access away: %s', (before, standing, urgent) => {
    const session = aSession({ decision: aDecision({ standing: before }) });
    expect(decide({ session, standing }).urgent).toBe(urgent);
  });

  test('a verdict counts before the standing', () => {
    const deny = { verdict: 'deny' } as const;
    const denied = aSession({ decision: aDecision({ outcome: deny, standing: 'compliant' }) });
    expect(decide({ session: denied, wanted: NORMAL, standing: 'noncompliant' }).urgent).toBe(false);
    expect(decide({ wanted: deny, standing: 'compliant' }).urgent).toBe(true);
  });

  test('what an operator asks for wants no particular answer', () => {
    const { wanted, ...decision } = {
      session: aSession(),
      version: 'operator',
      reason: 'asked',
      decidedAt: NOW,
      now: NOW,
    } as {
      wanted?: undefined;
    } & JobDecision;
    expect(decideJob(decision)).not.toHaveProperty('wanted');
  });
});

describe('a job names session and NAS', () => {
  const atB = {
    status: 'started',
    at: addMilliseconds(ANSWERED_AT, 60_000),
    since: addMilliseconds(ANSWERED_AT, 60_000),
    acctSessionId: 'B-1',
    nas: { nasIpAddress: '10.1.1.2' },
    coa: { acctSessionId: 'B-1', callingStationId: 'A0-B1-C2-D3-E4-F5', auditSessionId: '0A' },
  } as const;

  test('as the lookup knew them, without accounting', () => {
    const job = decide();
    expect(job.nas).toEqual({ nasIpAddress: '10.1.1.1', nasIdentifier: 'switch-a' });
    expect(job.session).toMatchObject({ userName: 'alice', acctSessionId: 'A-1', nasPortId: 'Gi1/0/7' });
  });

  test('the station’s address in the form of RFC 3580, which a NAS compares', () => {
    expect(decide().session.callingStationId).toBe('A0-B1-C2-D3-E4-F5');
  });

  test('the NAS of the newest accounting, where the station has roamed to', () => {
    const job = decide({ session: aSession({ accounting: atB }) });
    expect(job.nas).toEqual({ nasIpAddress: '10.1.1.2' });
    expect(job.session).toMatchObject({
      acctSessionId: 'B-1',
      callingStationId: 'A0-B1-C2-D3-E4-F5',
      auditSessionId: '0A',
    });
  });

  test('no port of the NAS the station has left', () => {
    expect(decide({ session: aSession({ accounting: atB }) }).session).not.toHaveProperty('nasPortId');
  });

  test('the NAS of the newest lookup, when that is newer than accounting', () => {
    const decision = aDecision({ decidedAt: addMilliseconds(ANSWERED_AT, 120_000) });
    const job = decide({ session: aSession({ decision, accounting: atB }) });
    expect(job.nas).toEqual({ nasIpAddress: '10.1.1.1', nasIdentifier: 'switch-a' });
    expect(job.session.acctSessionId).toBe('A-1');
    expect(job.session).not.toHaveProperty('auditSessionId');
  });
});

test('a job keeps what accounting knows of the session after a newer lookup at the same NAS', () => {
  const accounting = {
    status: 'started',
    at: ANSWERED_AT,
    since: ANSWERED_AT,
    acctSessionId: 'A-1',
    nas: { nasIpAddress: '10.1.1.1', nasIdentifier: 'switch-a' },
    coa: { acctSessionId: 'A-1', auditSessionId: '0A01', nasPortId: 'Gi1/0/7' },
  } as const;
  const decision = aDecision({ decidedAt: addMilliseconds(ANSWERED_AT, 120_000) });
  expect(decide({ session: aSession({ decision, accounting }) }).session).toMatchObject({
    acctSessionId: 'A-1',
    auditSessionId: '0A01',
  });
});

describe('a report', () => {
  test.each([
    ['taken', report('taken'), 'taken'],
    ['sent', report('sent'), 'sent'],
    ['an ACK', finished('acknowledged'), 'acknowledged'],
    ['a NAK 503 Session Context Not Found', refused(503), 'refused'],
    ['a NAK 201 Residual Session Context Removed', refused(201), 'acknowledged'],
    ['a NAK 507 Request Initiated', refused(507), 'acknowledged'],
    ['a NAK without Error-Cause', finished('refused'), 'refused'],
    ['a NAK 505 Other Proxy Processing Error', refused(505), 'no-answer'],
    ['a NAK 506 Resources Unavailable', refused(506), 'no-answer'],
    ['silence', finished('no-answer'), 'no-answer'],
    ['an unknown NAS', finished('unknown-nas'), 'no-answer'],
    ['a profile that lacks an attribute', finished('not-possible'), 'refused'],
    ['too late', finished('expired'), 'expired'],
  ])('of %s', (_what, received, stage) => {
    const job = reported(queued(), received);
    expect(job.stage).toBe(stage);
    expect(job.relay).toBe('relay-1');
    expect(job.steps.at(-1)).toEqual({ stage, attempt: 1, at: NOW });
  });

  test.each([202, 401, 402, 403, 404, 405, 406, 407, 501, 502, 504, 508, 599])(
    'of a NAK %i, which fails again until someone acts',
    (code) => {
      expect(reported(queued(), refused(code)).stage).toBe('refused');
    },
  );

  test.each([201, 507])('of a NAK %i: the CoA goes out again unless the station asks', (code) => {
    const job = reported(queued(), refused(code));
    expect(isDue(job, addMilliseconds(NOW, 60_000))).toBe(false);
    expect(isDue(job, addMilliseconds(NOW, 120_000))).toBe(true);
  });

  test('outcome, Error-Cause and hint are kept', () => {
    expect(reported(queued(), { ...refused(503), hint: 'Turn CoA on.' })).toMatchObject({
      outcome: 'refused',
      errorCause: { code: 503 },
      hint: 'Turn CoA on.',
    });
  });

  test('of an attempt before changes nothing', () => {
    const job = queued(3);
    for (const received of [report('taken'), finished('acknowledged', { attempt: 2 }), refused(503, 2)]) {
      expect(applyReport(job, received, NOW)).toBe(job);
    }
  });

  test('twice counts once', () => {
    for (const received of [report('taken'), report('sent'), finished('no-answer'), finished('acknowledged')]) {
      const once = reported(queued(), received);
      expect(applyReport(once, received, NOW)).toBe(once);
    }
  });

  test('counts although the next attempt was sent, but not written down before the relay was done with it', () => {
    const waiting = reported(queued(), finished('no-answer'));
    expect(reported(waiting, finished('acknowledged', { attempt: 2 }))).toMatchObject({
      stage: 'acknowledged',
      attempt: 2,
    });
  });

  test('of an ACK after a refused attempt leaves no Error-Cause and no hint behind', () => {
    const first = reported(queued(), { ...refused(506), hint: 'The NAS is busy.' });
    const job = reported(advance(first, 'queued', NOW, 2), finished('acknowledged', { attempt: 2 }));
    expect(job).toMatchObject({ stage: 'acknowledged', outcome: 'acknowledged' });
    expect(job.errorCause).toBe(undefined);
    expect(job.hint).toBe(undefined);
  });
});

describe('a job never moves backward', () => {
  const outcomes: CoaOutcome[] = ['acknowledged', 'refused', 'no-answer', 'unknown-nas', 'not-possible', 'expired'];
  const anyReport = fc.record({
    attempt: fc.integer({ min: 1, max: 3 }),
    stage: fc.constantFrom('taken', 'sent', 'finished'),
    outcome: fc.constantFrom(...outcomes),
    code: fc.constantFrom(403, 503, 505, 506),
  });

  test('whatever reports come, in whatever order', () => {
    fc.assert(
      fc.property(fc.array(anyReport, { maxLength: 12 }), fc.integer({ min: 1, max: 3 }), (reports, attempt) => {
        let job = queued(attempt);
        for (const { stage, outcome, code, attempt } of reports) {
          const received = report(stage, {
            attempt,
            ...(stage === 'finished' && { outcome, errorCause: { code, name: '' } }),
          });
          const next = applyReport(job, received, NOW);
          expectForward(job, next);
          job = next;
        }
      }),
    );
  });

  test('whatever step is asked for', () => {
    const anyStep = fc.tuple(fc.constantFrom(...JOB_STAGES), fc.integer({ min: 1, max: 4 }));
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 20 }), (steps) => {
        let job = decide();
        for (const [stage, attempt] of steps) {
          const next = advance(job, stage, NOW, attempt);
          expectForward(job, next);
          job = next;
        }
      }),
    );
  });

  test.each(outcomes)('the reports of one attempt that ends %s lead to one end in any order', (outcome) => {
    const reports = [report('taken'), report('sent'), finished(outcome), finished(outcome), report('taken')];
    const end = reported(queued(), finished(outcome)).stage;
    fc.assert(
      fc.property(fc.shuffledSubarray(reports, { minLength: reports.length }), (delivered) => {
        expect(reported(queued(), ...delivered).stage).toBe(end);
      }),
    );
  });

  test.each(FINAL)('%s is the end', (stage) => {
    const job = advance(queued(), stage, NOW);
    expect(isFinal(job)).toBe(true);
    for (const next of JOB_STAGES) expect(advance(job, next, NOW, 9)).toBe(job);
    for (const received of [report('taken'), finished('acknowledged'), refused(506)]) {
      expect(applyReport(job, received, NOW)).toBe(job);
    }
  });

  test('nothing else is the end: an ACK is no proof', () => {
    for (const stage of JOB_STAGES.filter((known) => !FINAL.includes(known))) {
      expect(isFinal({ ...decide(), stage }), stage).toBe(false);
    }
  });
});

describe('attempts', () => {
  test('a decided job is due at once, and what queue or relay has is in hand', () => {
    expect(isDue(decide(), NOW)).toBe(true);
    for (const stage of ['queued', 'taken', 'sent'] as const) {
      const job = { ...decide(), stage };
      expect([isInFlight(job), isDue(job, addMilliseconds(NOW, 86_400_000))], stage).toEqual([true, false]);
    }
    for (const stage of JOB_STAGES.filter((known) => !['queued', 'taken', 'sent'].includes(known))) {
      expect(isInFlight({ ...decide(), stage }), stage).toBe(false);
    }
  });

  test('after no answer it is due again, but not at once, as the next attempt with its own message', () => {
    const job = reported(queued(), finished('no-answer'));
    expect(isDue(job, NOW)).toBe(false);
    expect(isDue(job, job.nextAttemptAt ?? '')).toBe(true);
    expect(queuedAttempt(job)).toBe(2);
    expect(coaMessageId({ id: job.id, attempt: 2 })).not.toBe(coaMessageId({ id: job.id, attempt: 1 }));
    expect(queuedAttempt(decide())).toBe(1);
  });

  test('each wait is longer than the one before, the first under a minute, none over ten', () => {
    const waits = Array.from({ length: 12 }, (_, index) => {
      const job = reported(queued(index + 1), finished('no-answer', { attempt: index + 1 }));
      return millisecondsBetween(NOW, job.nextAttemptAt ?? '');
    });
    const [first = 0] = waits;
    expect(first > 1_000 && first < 60_000).toBe(true);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(Math.max(...waits)).toBe(10 * 60_000);
  });

  test('queued again, or at its end, it names no next attempt any more', () => {
    const waiting = reported(queued(), finished('no-answer'));
    expect(advance(waiting, 'queued', NOW, 2)).not.toHaveProperty('nextAttemptAt');
    expect(advance(waiting, 'expired', NOW)).not.toHaveProperty('nextAttemptAt');
  });

  test('the wait counts from when we heard of it, whatever the relay’s clock says', () => {
    const job = reported(queued(), finished('no-answer', { at: '2001-01-01T00:00:00.000Z' }));
    expect((job.nextAttemptAt ?? '') > NOW).toBe(true);
  });

  test.each(FINAL)('a job that is %s is never due', (stage) => {
    const job = { ...reported(queued(), finished('no-answer')), stage };
    expect(isDue(job, addMilliseconds(NOW, 86_400_000))).toBe(false);
  });
});

describe('an acknowledged job', () => {
  const acknowledged = reported(queued(), finished('acknowledged'));

  test('whose station does not ask is sent again, each time after a longer while', () => {
    expect(isDue(acknowledged, addMilliseconds(NOW, 119_999))).toBe(false);
    expect(isDue(acknowledged, addMilliseconds(NOW, 120_000))).toBe(true);
    expect(queuedAttempt(acknowledged)).toBe(2);
    const again = reported(advance(acknowledged, 'queued', NOW, 2), finished('acknowledged', { attempt: 2 }));
    expect(isDue(again, addMilliseconds(NOW, 359_999))).toBe(false);
    expect(isDue(again, addMilliseconds(NOW, 360_000))).toBe(true);
  });

  test('that an operator asked for is not: no other answer is wanted', () => {
    const { wanted, ...asked } = queued();
    expect(isDue(reported(asked, finished('acknowledged')), addMilliseconds(NOW, 3_600_000))).toBe(false);
  });
});

describe('a dead letter', () => {
  const dead = { attempt: 1, reason: 'MaxDeliveryCountExceeded' };

  test('ends its job, and says why', () => {
    const job = applyDeadLetter(queued(), dead, NOW);
    expect(job).toMatchObject({ stage: 'dead-lettered', deadLetter: { ...dead, at: NOW } });
    expect(isFinal(job)).toBe(true);
    expect(applyDeadLetter(job, dead, NOW)).toBe(job);
  });

  test('of a job that is too old by then makes it expired', () => {
    const job = queued();
    expect(applyDeadLetter(job, { attempt: 1, reason: 'TTLExpiredException' }, job.expiresAt)).toMatchObject({
      stage: 'expired',
      deadLetter: { reason: 'TTLExpiredException' },
    });
  });

  test('of a job that has ended, or is further on, leaves its stage', () => {
    const ended = advance(queued(), 'superseded', NOW);
    expect(applyDeadLetter(ended, dead, NOW)).toMatchObject({ stage: 'superseded', deadLetter: dead });
    const acknowledged = reported(queued(), finished('acknowledged'));
    expect(applyDeadLetter(acknowledged, dead, NOW).stage).toBe('acknowledged');
    const second = queued(2);
    expect(applyDeadLetter(second, dead, NOW)).toBe(second);
  });

  test('of an attempt that was not written down yet counts', () => {
    expect(applyDeadLetter(queued(), { ...dead, attempt: 2 }, NOW)).toMatchObject({
      stage: 'dead-lettered',
      attempt: 2,
    });
  });
});

test('only a job that waits for its next attempt can be retried', () => {
  const silent = reported(queued(), finished('no-answer'));
  expect(isDue(silent, NOW)).toBe(false);
  expect(isDue(retryNow(silent, NOW), NOW)).toBe(true);
  for (const job of [decide(), queued(), reported(queued(), finished('acknowledged'))])
    expect(retryNow(job, NOW)).toBe(job);
});
