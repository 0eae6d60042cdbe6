// What becomes of a job, as its session shows it: our own answer, what accounting says of it, the end of the session.

import { describe, expect, test } from 'vitest';
import { advance, applyReport, isDue } from '../../../shared/domain/coa/advance-job.ts';
import { decideJob, type EnforcementJob, isFinal } from '../../../shared/domain/coa/enforcement-job.ts';
import { addMilliseconds } from '../../../shared/domain/instant.ts';
import type { Outcome } from '../../../shared/domain/policy/decision.ts';
import type { Session } from '../../../shared/domain/session/session.ts';
import { settleJob } from '../../../shared/enforcement/settle-job.ts';
import { aDecision, aSession, NORMAL, QUARANTINE, SESSION_ID } from '../../support/a-session.ts';

const DECIDED = '2026-11-20T11:00:00.000Z';
const MINUTE_MS = 60_000;
const NEW_CLASS = `${SESSION_ID}-mnewnew0deadbeef`;

const minutes = (count: number) => addMilliseconds(DECIDED, count * MINUTE_MS);

function decided(wanted: Outcome | false = QUARANTINE): EnforcementJob {
  const session = aSession();
  const common = { session, version: 'v2', reason: 'test', decidedAt: DECIDED, now: DECIDED };
  return decideJob(wanted ? { ...common, wanted } : common);
}

function acknowledged(job = decided()): EnforcementJob {
  const report = { jobId: job.id, attempt: 1, site: 'hq', relay: 'r', stage: 'finished', at: minutes(1) } as const;
  return applyReport(advance(job, 'queued', DECIDED), { ...report, outcome: 'acknowledged' }, minutes(1));
}

function accounting(fields: Partial<NonNullable<Session['accounting']>> = {}): NonNullable<Session['accounting']> {
  return { status: 'started', at: minutes(1), receivedAt: minutes(1), nas: {}, coa: {}, ...fields };
}

/** The NAS has said Stop, a minute after the job was decided. */
const stopped = (): Session => aSession({ accounting: accounting({ status: 'stopped' }) });

/** Two minutes after the job was decided the station asked, and our answer was the one wanted. */
function answered(said?: Partial<NonNullable<Session['accounting']>>, outcome = QUARANTINE): Session {
  const decision = aDecision({ id: NEW_CLASS, decidedAt: minutes(2), outcome });
  return aSession({ decision, ...(said && { accounting: accounting(said) }) });
}

describe('an answer of ours', () => {
  test('is answered, and no proof', () => {
    const job = settleJob(acknowledged(), answered(), true, minutes(3));
    expect(job).toMatchObject({ stage: 'answered' });
    expect(job.steps.at(-1)).toEqual({ stage: 'answered', attempt: 1, at: minutes(2) });
    expect(isFinal(job)).toBe(false);
    expect(isDue(job, minutes(59))).toBe(false);
  });

  test('that another answer has replaced ends the job: what is compared now is the newer one', () => {
    const waiting = settleJob(acknowledged(), answered(), true, minutes(3));
    const decision = aDecision({ decidedAt: minutes(5), outcome: NORMAL });
    expect(settleJob(waiting, aSession({ decision }), true, minutes(6))).toMatchObject({ stage: 'superseded' });
  });

  test('is not waited for by accounting without a Class for ever: the job ends as answered', () => {
    const waiting = settleJob(acknowledged(), answered({ receivedAt: minutes(4) }), true, minutes(5));
    expect(waiting.stage).toBe('answered');
    const ended = settleJob(waiting, answered({ receivedAt: minutes(4) }), true, minutes(17));
    expect(ended).toMatchObject({ stage: 'answered', unproven: true });
    expect(isFinal(ended)).toBe(true);
    expect(settleJob(ended, answered({ class: NEW_CLASS }), true, minutes(18))).toBe(ended);
  });

  test('to 802.1X that denies leaves the job open while an answer to MAB may keep the port open', () => {
    const deny = { verdict: 'deny' } as const;
    const job = acknowledged(decided(deny));
    const denied = aSession({ decision: aDecision({ id: NEW_CLASS, decidedAt: minutes(2), outcome: deny }) });
    const bypassed = aSession({ credential: 'mab', method: 'mab', decision: aDecision({ decidedAt: minutes(-5) }) });
    const opened = { ...denied, answers: [...denied.answers, ...bypassed.answers] };
    expect(settleJob(job, opened, true, minutes(3))).toBe(job);
    expect(settleJob(job, denied, true, minutes(3))).toMatchObject({ stage: 'answered' });
    const left = { ...opened, accounting: accounting({ status: 'stopped', at: minutes(2.5) }) };
    expect(settleJob(job, left, true, minutes(3)).stage).not.toBe('acknowledged');
  });

  test('that is another one than the job wants leaves the job as it is', () => {
    const job = acknowledged();
    expect(settleJob(job, answered({}, NORMAL), true, minutes(10))).toBe(job);
  });

  test('before the job was decided is none to the job', () => {
    const before = aSession({ decision: aDecision({ decidedAt: minutes(-1), outcome: QUARANTINE }) });
    const job = acknowledged();
    expect(settleJob(job, before, true, minutes(10))).toBe(job);
  });
});

describe('accounting with a Class', () => {
  test('of the wanted answer proves the job', () => {
    const job = settleJob(acknowledged(), answered({ class: NEW_CLASS, receivedAt: minutes(3) }), true, minutes(3));
    expect(job.stage).toBe('proven');
    expect(job.steps.slice(-2).map(({ stage }) => stage)).toEqual(['answered', 'proven']);
  });

  test('of the answer before, that came before the new answer, says nothing yet', () => {
    const session = answered({ class: aDecision().id, receivedAt: minutes(1) });
    expect(settleJob(acknowledged(), session, true, minutes(3))).toMatchObject({ stage: 'answered' });
    expect(settleJob(acknowledged(), session, true, minutes(3))).not.toHaveProperty('keptClass');
  });

  const old = `${SESSION_ID}-${Date.parse(minutes(-60)).toString(36)}deadbeef`;

  test('of an older answer, after the new one: the station keeps its old access, and another attempt is due', () => {
    const session = answered({ class: old, receivedAt: minutes(4) });
    const job = settleJob(acknowledged(), session, true, minutes(4));
    expect(job).toMatchObject({ stage: 'answered', keptClass: old, hint: expect.stringContaining('older') });
    expect(isDue(job, minutes(4))).toBe(false);
    expect(isDue(job, minutes(5))).toBe(true);
    expect(settleJob(job, session, true, minutes(4.2))).toBe(job);
    expect(settleJob(job, session, true, minutes(60)).stage).toBe('expired');
  });

  test('of an older answer, after the question of a late one, speaks against that one', () => {
    const decision = aDecision({ id: NEW_CLASS, decidedAt: minutes(3), askedAt: minutes(2), outcome: QUARANTINE });
    const said = accounting({ class: old, receivedAt: minutes(2.5) });
    const job = settleJob(acknowledged(), aSession({ decision, accounting: said }), true, minutes(4));
    expect(job).toMatchObject({ stage: 'answered', keptClass: old });
  });

  test('of an older answer speaks against an answer by a clock a little behind ours, too', () => {
    // The job went out at minute 0 by one clock, and was answered half a second before by another.
    const job = advance(decided(), 'queued', minutes(0.05));
    const decision = aDecision({ id: NEW_CLASS, decidedAt: minutes(0.04), outcome: QUARANTINE });
    const waiting = settleJob(job, aSession({ decision }), true, minutes(1));
    expect(waiting.stage).toBe('answered');
    const before = aSession({ decision: aDecision({ id: old, decidedAt: minutes(-60), outcome: NORMAL }) });
    const answers = [...aSession({ decision }).answers, ...before.answers];
    const session = aSession({ decision, answers, accounting: accounting({ class: old, receivedAt: minutes(4) }) });
    expect(settleJob(waiting, session, true, minutes(4))).toMatchObject({ keptClass: old });
  });

  test('of the new answer after all, in the meantime: proven without another attempt', () => {
    const kept = settleJob(acknowledged(), answered({ class: old, receivedAt: minutes(4) }), true, minutes(4));
    expect(settleJob(kept, answered({ class: NEW_CLASS, receivedAt: minutes(4.2) }), true, minutes(4.3)).stage).toBe(
      'proven',
    );
  });

  test('a second attempt is not done by the answer that the NAS did not act on', () => {
    const session = answered({ class: old, receivedAt: minutes(4) });
    const again = advance(settleJob(acknowledged(), session, true, minutes(4)), 'queued', minutes(5), 2);
    expect(settleJob(again, session, true, minutes(6))).toBe(again);
    expect(settleJob(again, answered({ class: NEW_CLASS, receivedAt: minutes(6) }), true, minutes(6)).stage).toBe(
      'proven',
    );
  });

  test('that is no id of ours says nothing', () => {
    const job = settleJob(
      acknowledged(),
      answered({ class: 'vendor-default', receivedAt: minutes(4) }),
      true,
      minutes(5),
    );
    expect(job).toMatchObject({ stage: 'answered' });
    expect(job).not.toHaveProperty('keptClass');
  });
});

describe('the end of the session', () => {
  test('ends the job at once, in whatever stage it is: no station is left there with the old answer', () => {
    for (const stage of ['decided', 'queued', 'taken', 'sent', 'no-answer'] as const) {
      const job = stage === 'decided' ? decided() : advance(decided(), stage, DECIDED);
      expect(settleJob(job, stopped(), true, minutes(2)).stage, stage).toBe('ended');
    }
    expect(settleJob(acknowledged(), stopped(), true, minutes(2)).stage).toBe('ended');
    expect(settleJob(acknowledged(decided(false)), stopped(), true, minutes(2)).stage).toBe('ended');
  });

  test('after it what a relay reports changes nothing any more', () => {
    const job = settleJob(advance(decided(), 'sent', DECIDED), stopped(), true, minutes(2));
    const report = { jobId: job.id, attempt: 1, site: 'hq', relay: 'r', stage: 'finished', at: minutes(3) } as const;
    expect(applyReport(job, { ...report, outcome: 'refused' }, minutes(3))).toBe(job);
  });

  test('is not the Stop of a session that has been answered since', () => {
    const job = acknowledged();
    const back = answered({ status: 'stopped', at: minutes(1) });
    expect(settleJob(job, back, true, minutes(3)).stage).toBe('answered');
  });
});

describe('time, and newer jobs', () => {
  test('after an hour a job expires', () => {
    expect(settleJob(acknowledged(), aSession(), true, minutes(60)).stage).toBe('expired');
  });

  test('what an operator asked for is answered by any answer that came of it', () => {
    const same = aSession({ decision: aDecision({ id: NEW_CLASS, decidedAt: minutes(2) }) });
    expect(settleJob(acknowledged(decided(false)), same, true, minutes(3)).stage).toBe('answered');
    const carried = { ...same, accounting: accounting({ class: NEW_CLASS, receivedAt: minutes(3) }) };
    expect(settleJob(acknowledged(decided(false)), carried, true, minutes(3)).stage).toBe('proven');
    const queued = advance(decided(false), 'queued', DECIDED);
    expect(settleJob(queued, same, true, minutes(3))).toBe(queued);
  });

  test('a job is superseded by a newer one, and by the end of everything that is known of the session', () => {
    expect(settleJob(acknowledged(), aSession(), false, minutes(2)).stage).toBe('superseded');
    expect(settleJob(acknowledged(), undefined, true, minutes(2)).stage).toBe('superseded');
  });
});

describe('an answer that the NAS does not act on', () => {
  const dot1x = { credential: 'd0710001', method: 'eap-tls', decision: aDecision() } as const;
  const bypass = (at: number) =>
    ({
      credential: 'ab000000',
      method: 'mab',
      decision: aDecision({ id: NEW_CLASS, decidedAt: minutes(at), outcome: QUARANTINE }),
    }) as const;

  /** 802.1X opened the port, and the same station asks by MAB as well. */
  function both(at: number): Session {
    const [proven, mab] = [aSession(dot1x), aSession(bypass(at))];
    return aSession({ ...dot1x, answers: [...mab.answers, ...proven.answers] });
  }

  test('answers no job: MAB gives way to 802.1X', () => {
    expect(settleJob(decided(), both(2), true, minutes(3)).stage).toBe('decided');
    expect(settleJob(acknowledged(), both(2), true, minutes(3)).stage).toBe('acknowledged');
  });

  test('answers no job before the CoA went out, as long as the answer to another credential is in effect', () => {
    const machine = {
      credential: 'aaaa0001',
      method: 'eap-tls',
      decision: aDecision({ decidedAt: minutes(0) }),
    } as const;
    const user = { ...bypass(2), method: 'eap-tls' } as const;
    const session = aSession({ ...user, answers: [...aSession(user).answers, ...aSession(machine).answers] });
    expect(settleJob(decided(), session, true, minutes(3)).stage).toBe('decided');
    expect(settleJob(acknowledged(), session, true, minutes(3)).stage).toBe('answered');
    const alone = aSession({ ...user, answers: aSession(user).answers });
    expect(settleJob(decided(), alone, true, minutes(3)).stage).toBe('answered');
  });
});
