import { describe, expect, test } from 'vitest';
import { advance, applyReport } from '../../../shared/domain/advance-job.ts';
import { decideJob, type EnforcementJob } from '../../../shared/domain/enforcement-job.ts';
import { addMilliseconds } from '../../../shared/domain/instant.ts';
import type { Session } from '../../../shared/domain/session.ts';
import { settleJob } from '../../../shared/enforcement/settle-job.ts';
import { aDecision, aSession, QUARANTINE } from '../../support/a-session.ts';

const DECIDED = '2026-11-20T11:00:00.000Z';
const MINUTE_MS = 60_000;

const minutes = (count: number) => addMilliseconds(DECIDED, count * MINUTE_MS);

function decided(wanted = true): EnforcementJob {
  const session = aSession();
  const common = { session, version: 'v2', reason: 'test', decidedAt: DECIDED, now: DECIDED };
  return decideJob(wanted ? { ...common, wanted: QUARANTINE } : common);
}

function acknowledged(job = decided()): EnforcementJob {
  const report = { jobId: job.id, attempt: 1, site: 'hq', relay: 'r', stage: 'finished', at: minutes(1) } as const;
  return applyReport(advance(job, 'queued', DECIDED), { ...report, outcome: 'acknowledged' }, minutes(1));
}

/** The NAS has said Stop, a minute after the job was decided. */
function stopped(fields: Partial<Session> = {}): Session {
  return aSession({ accounting: { status: 'stopped', at: minutes(1), nas: {}, coa: {} }, ...fields });
}

const told = (at: string, outcome = QUARANTINE) => aDecision({ decidedAt: at, outcome });

describe('a Disconnect that was acknowledged, and whose session then stopped', () => {
  test('waits for the station to come back', () => {
    const job = acknowledged();
    expect(settleJob(job, stopped(), true, minutes(2))).toBe(job);
    expect(settleJob(job, stopped(), true, minutes(5.9))).toBe(job);
  });

  test('is proven by the answer the station gets', () => {
    const back = stopped({ decision: told(minutes(3)) });
    expect(settleJob(acknowledged(), back, true, minutes(3)).steps.slice(-2)).toMatchObject([
      { stage: 'reauthenticated', at: minutes(3) },
      { stage: 'proven' },
    ]);
  });

  test('has ended when the station stays away: nobody has the old answer any more', () => {
    expect(settleJob(acknowledged(), stopped(), true, minutes(6)).stage).toBe('ended');
    expect(settleJob(acknowledged(decided(false)), stopped(), true, minutes(6)).stage).toBe('ended');
  });

  test('ends with the job’s time at the latest, whatever the clock of the relay says', () => {
    const job = acknowledged();
    const ahead = { ...job, steps: job.steps.map((step) => ({ ...step, at: minutes(300) })) };
    expect(settleJob(ahead, stopped(), true, job.expiresAt).stage).toBe('ended');
  });
});

describe('a session that stopped before the job was acknowledged', () => {
  test('may have been stopped by it: while the relay has it in hand it stays', () => {
    for (const stage of ['queued', 'taken', 'sent'] as const) {
      const job = advance(decided(), stage, DECIDED);
      expect(settleJob(job, stopped(), true, minutes(2))).toBe(job);
      expect(settleJob(job, stopped(), true, job.expiresAt).stage).toBe('superseded');
    }
  });

  test('leaves nothing to enforce when the NAS was not asked, or did not answer', () => {
    for (const stage of ['decided', 'no-answer'] as const) {
      const job = stage === 'decided' ? decided() : advance(decided(), stage, DECIDED);
      expect(settleJob(job, stopped(), true, minutes(2)).stage).toBe('superseded');
    }
  });
});

describe('a live session', () => {
  test('leaves its job alone until it is told what it should be told', () => {
    const job = acknowledged();
    expect(settleJob(job, aSession(), true, minutes(10))).toBe(job);
    expect(settleJob(job, aSession({ decision: told(minutes(2)) }), true, minutes(10)).stage).toBe('proven');
  });

  test('lets its job expire after an hour', () => {
    const job = acknowledged();
    expect(settleJob(job, aSession(), true, minutes(60)).stage).toBe('expired');
  });

  test('has proven what an operator asked for by asking at all, once the NAS has acknowledged', () => {
    const same = aSession({ decision: aDecision({ decidedAt: minutes(2) }) });
    expect(settleJob(acknowledged(decided(false)), same, true, minutes(3)).stage).toBe('proven');
    const queued = advance(decided(false), 'queued', DECIDED);
    expect(settleJob(queued, same, true, minutes(3))).toBe(queued);
  });
});

test('a job is superseded by a newer one, and by the end of everything that is known of the session', () => {
  expect(settleJob(acknowledged(), aSession(), false, minutes(2)).stage).toBe('superseded');
  expect(settleJob(acknowledged(), undefined, true, minutes(2)).stage).toBe('superseded');
});
