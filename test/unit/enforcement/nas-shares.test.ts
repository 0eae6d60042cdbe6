// Whose jobs of a site go into the queue next: no NAS has all the room, and those that are dead have little of it.

import { describe, expect, test } from 'vitest';
import { decideJob, type EnforcementJob } from '../../../shared/domain/coa/enforcement-job.ts';
import { addMilliseconds } from '../../../shared/domain/instant.ts';
import { NasShares } from '../../../shared/enforcement/nas-shares.ts';
import { ANSWERED_AT, aSession, QUARANTINE } from '../../support/a-session.ts';

const IN_FLIGHT_PER_SITE = 20;
const NOW = addMilliseconds(ANSWERED_AT, 60_000);

function jobsAt(nasIpAddress: string, count: number, fields: Partial<EnforcementJob> = {}): EnforcementJob[] {
  const session = aSession({ nasIpAddress });
  const decision = { session, wanted: QUARANTINE, reason: 'test', decidedAt: ANSWERED_AT, now: ANSWERED_AT };
  return Array.from({ length: count }, (_, index) => ({
    ...decideJob({ ...decision, version: `v${index}` }),
    ...fields,
  }));
}

/** By our clock it was queued so many milliseconds ago, and the relay has sent it. */
function sentAgo(milliseconds: number, nasIpAddress: string): EnforcementJob {
  const at = addMilliseconds(NOW, -milliseconds);
  const steps = (['decided', 'queued', 'sent'] as const).map((stage) => ({ stage, attempt: 1, at }));
  return { ...(jobsAt(nasIpAddress, 1, { stage: 'sent', steps })[0] as EnforcementJob) };
}

/** @param sentAfter milliseconds after the decision */
function answered(stage: 'no-answer' | 'acknowledged', sentAfter: number, nasIpAddress: string): EnforcementJob {
  const at = addMilliseconds(ANSWERED_AT, sentAfter);
  const steps = (['queued', 'sent', stage] as const).map((step) => ({ stage: step, attempt: 1, at }));
  return { ...(jobsAt(nasIpAddress, 1, { stage, outcome: stage, steps })[0] as EnforcementJob) };
}

function taken(open: readonly EnforcementJob[]): Record<string, number> {
  const due = open.filter(({ stage }) => stage === 'decided').map((job) => ({ job }));
  const all = new NasShares(IN_FLIGHT_PER_SITE, open, NOW).take(due, IN_FLIGHT_PER_SITE);
  return Object.fromEntries(
    Object.entries(Object.groupBy(all, ({ job }) => String(job.nas.nasIpAddress))).map(([nas, jobs = []]) => [
      nas,
      jobs.length,
    ]),
  );
}

describe('the jobs in hand of a site', () => {
  test('are never all for one NAS, even if nothing else is due: what comes next must not wait for a dead one', () => {
    expect(taken(jobsAt('10.0.0.1', 100))).toEqual({ '10.0.0.1': 15 });
  });

  test('go on to the other NASes where one has its share, in the order they are due', () => {
    expect(taken([...jobsAt('10.0.0.1', 100), ...jobsAt('10.0.0.2', 3), ...jobsAt('10.0.0.3', 3)])).toEqual({
      '10.0.0.1': 15,
      '10.0.0.2': 3,
      '10.0.0.3': 2,
    });
  });

  test('count what the queue and the relay have already', () => {
    const inFlight = jobsAt('10.0.0.1', 14, { stage: 'sent' });
    expect(taken([...inFlight, ...jobsAt('10.0.0.1', 5)])).toEqual({ '10.0.0.1': 1 });
  });

  test('are one for a NAS that did not answer, so that it leaves room for the rest', () => {
    const silent = ['10.0.0.1', '10.0.0.2'].flatMap((nas) => [
      ...jobsAt(nas, 1, { stage: 'no-answer', outcome: 'no-answer' }),
      ...jobsAt(nas, 30),
    ]);
    expect(taken([...silent, ...jobsAt('10.0.0.3', 30)])).toEqual({ '10.0.0.1': 1, '10.0.0.2': 1, '10.0.0.3': 15 });
  });

  test('are a quarter for all NASes together that did not answer, however many they are', () => {
    const silent = Array.from({ length: 40 }, (_, index) => `10.0.1.${index}`).flatMap((nas) => [
      ...jobsAt(nas, 1, { stage: 'no-answer', outcome: 'no-answer' }),
      ...jobsAt(nas, 3),
    ]);
    const inFlight = taken([...silent, ...jobsAt('10.0.0.3', 30)]);
    expect(inFlight['10.0.0.3']).toBe(15);
    expect(Object.values(inFlight).reduce((sum, count) => sum + count, 0)).toBe(20);
    const without = taken(silent);
    expect(Object.values(without).reduce((sum, count) => sum + count, 0)).toBe(5);
  });

  test('may be one, whatever the share', () => {
    const [job] = jobsAt('10.0.0.1', 1, { outcome: 'no-answer' });
    if (job === undefined) throw new Error('no job');
    expect(new NasShares(1, [job], NOW).take([{ job }], 1)).toHaveLength(1);
  });

  test('that wait for an answer in vain take no room from those of other NASes', () => {
    const dead = Array.from({ length: 20 }, (_, index) => sentAgo(20_000, `10.0.1.${index}`));
    const { '10.0.0.3': living } = taken([...dead, ...jobsAt('10.0.0.3', 30)]);
    expect(living).toBe(15);
    expect(taken([...dead, ...jobsAt('10.0.0.3', 10), ...jobsAt('10.0.0.4', 30)])).toMatchObject({ '10.0.0.4': 10 });
  });

  test('never wait in vain in any number: then there is no room until they are over', () => {
    const dead = Array.from({ length: 40 }, (_, index) => sentAgo(20_000, `10.0.1.${index}`));
    expect(taken([...dead, ...jobsAt('10.0.0.3', 30)])).toEqual({});
  });

  test('that were sent a moment ago take their room', () => {
    const sent = Array.from({ length: 20 }, (_, index) => sentAgo(1_000, `10.0.1.${index}`));
    expect(taken([...sent, ...jobsAt('10.0.0.3', 30)])).toEqual({});
  });

  test('are no more for a NAS of which one waits in vain', () => {
    expect(taken([sentAgo(20_000, '10.0.0.1'), ...jobsAt('10.0.0.1', 30), ...jobsAt('10.0.0.2', 3)])).toEqual({
      '10.0.0.2': 3,
    });
  });

  test('are as many as for any other where the NAS has answered since: it was that one station, or a lost packet', () => {
    const silent = answered('no-answer', 10_000, '10.0.0.1');
    const later = answered('acknowledged', 20_000, '10.0.0.1');
    const earlier = answered('acknowledged', 5_000, '10.0.0.1');
    expect(taken([silent, later, ...jobsAt('10.0.0.1', 30)])).toEqual({ '10.0.0.1': 15 });
    expect(taken([silent, earlier, ...jobsAt('10.0.0.1', 30)])).toEqual({ '10.0.0.1': 1 });
  });

  test('what was not queued after all leaves its place', () => {
    const due = jobsAt('10.0.0.1', 16).map((job) => ({ job }));
    const shares = new NasShares(IN_FLIGHT_PER_SITE, [], NOW);
    const [first] = shares.take(due, 16);
    expect(due).toHaveLength(1);
    expect(shares.take(due, 1)).toEqual([]);
    if (first) shares.giveBack(first.job);
    expect(shares.take(due, 1)).toHaveLength(1);
    expect(due).toEqual([]);
  });
});
