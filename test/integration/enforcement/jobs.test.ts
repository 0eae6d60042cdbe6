// The life of a job up to a proven CoA, and everything that may come in between, operators included.

import { describe, expect, test } from 'vitest';
import type { CoaJob } from '../../../shared/domain/coa-job.ts';
import {
  account,
  acknowledge,
  apply,
  ask,
  comeBack,
  jobsOf,
  MINUTE_MS,
  NORMAL,
  pollAgain,
  QUARANTINE,
  type Query,
  report,
  SECOND_MS,
  stagesOf,
  startEnforcement,
  startEnforcementInMemory,
  stationOf,
  stored,
  takeJobs,
  takeMessages,
  turn,
  turnWhileConnected,
  waitForNextAttempt,
} from './enforcement-fixture.ts';

describe('the life of a job', () => {
  test('taken, sent, acknowledged, answered, proven by accounting with the Class of the answer', async () => {
    await using nac = await startEnforcement();
    await turnWhileConnected(nac, 'NAC-00001');
    const [job] = await takeJobs(nac);

    for (const stage of ['taken', 'sent'] as const) {
      await report(nac, job, stage);
      await report(nac, job, stage);
      expect(await stagesOf(nac)).toEqual([stage]);
    }
    await report(nac, job, 'finished', { outcome: 'acknowledged', transmissions: 1 });
    await nac.app.enforce();
    expect(await jobsOf(nac, { notEnforced: 'true' })).toMatchObject([
      { stage: 'acknowledged', outcome: 'acknowledged', relay: 'relay-1' },
    ]);

    const answer = await ask(nac, 'NAC-00001');
    expect(answer.decision.outcome).toEqual(QUARANTINE);
    await nac.app.enforce();
    expect(await stagesOf(nac)).toEqual(['answered']);
    expect(await jobsOf(nac, { notEnforced: 'true' })).toEqual([]);
    await apply(nac, 'NAC-00001', answer);
    await nac.app.enforce();
    const [proven] = await jobsOf(nac);
    expect(proven?.steps.map(({ stage }) => stage)).toEqual([
      'decided',
      'queued',
      'taken',
      'sent',
      'acknowledged',
      'answered',
      'proven',
    ]);
    expect(await jobsOf(nac, { notEnforced: 'true' })).toEqual([]);
    expect(await takeJobs(nac)).toEqual([]);

    await report(nac, job, 'finished', { outcome: 'no-answer' });
    expect(await stagesOf(nac)).toEqual(['proven']);
  });

  test('refused by the NAS is final, with the cause, and listed as not enforced', async () => {
    await using nac = await startEnforcementInMemory();
    await turnWhileConnected(nac, 'NAC-00001');
    const [job] = await takeJobs(nac);
    const errorCause = { code: 501, name: 'Administratively Prohibited' };
    await report(nac, job, 'finished', { outcome: 'refused', errorCause, hint: 'Look into the NAS.' });
    nac.clock.advance(20 * MINUTE_MS);
    await nac.app.enforce();

    expect(await jobsOf(nac, { notEnforced: 'true', stage: 'refused' })).toMatchObject([
      { errorCause, hint: 'Look into the NAS.' },
    ]);
  });

  const unknownSession = { outcome: 'refused', errorCause: { code: 503, name: 'Session Context Not Found' } } as const;

  test('ends with its session where the NAS does not know it', async () => {
    await using nac = await startEnforcementInMemory();
    await turnWhileConnected(nac, 'NAC-00001');
    const [job] = await takeJobs(nac);
    await report(nac, job, 'finished', unknownSession);
    await pollAgain(nac);
    await nac.app.enforce();

    expect(await stagesOf(nac)).toEqual(['ended']);
    expect(await jobsOf(nac, { notEnforced: 'true' })).toEqual([]);
    expect(await takeJobs(nac)).toEqual([]);
  });

  test('is refused where the NAS has never acknowledged anything: it may miss an attribute', async () => {
    await using nac = await startEnforcementInMemory();
    await turnWhileConnected(nac, 'NAC-00001');
    const [job] = await takeJobs(nac);
    await report(nac, job, 'finished', { ...unknownSession, neverAcknowledged: true });

    expect(await jobsOf(nac, { notEnforced: 'true' })).toMatchObject([
      { stage: 'refused', hint: expect.stringContaining('alsoIdentifyBy') },
    ]);
  });

  test('is refused where the NAS goes on accounting for a session that it does not know', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00001');
    await account(nac, 'NAC-00001', { status: 'Start' });
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);
    const [first] = await takeJobs(nac);
    await report(nac, first, 'finished', unknownSession);
    expect(await stagesOf(nac)).toEqual(['ended']);
    nac.clock.advance(MINUTE_MS);
    await account(nac, 'NAC-00001', { status: 'Interim-Update' });
    await pollAgain(nac);
    await nac.app.enforce();
    const [second] = await takeJobs(nac);
    expect(second?.id).not.toBe(first?.id);
    await report(nac, second, 'finished', unknownSession);

    expect(await jobsOf(nac, { notEnforced: 'true' })).toMatchObject([{ id: second?.id, stage: 'refused' }]);
  });

  test('is ended, not refused, where the session stopped before the NAS was asked', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00001');
    await account(nac, 'NAC-00001', { status: 'Start' });
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);
    const [job] = await takeJobs(nac);
    await report(nac, job, 'taken');
    await account(nac, 'NAC-00001', { status: 'Stop' });
    await report(nac, job, 'finished', { ...unknownSession, neverAcknowledged: true });

    expect(await stagesOf(nac)).toEqual(['ended']);
  });

  test('is sent once more where accounting goes on with the Class of the answer before', async () => {
    await using nac = await startEnforcementInMemory();
    const before = await ask(nac, 'NAC-00001');
    await apply(nac, 'NAC-00001', before);
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);
    const [job] = await takeJobs(nac);
    await acknowledge(nac, job);
    const answer = await ask(nac, 'NAC-00001');
    await apply(nac, 'NAC-00001', before, { status: 'Interim-Update' });
    await nac.app.enforce();
    expect(await jobsOf(nac, { notEnforced: 'true' })).toMatchObject([
      { stage: 'answered', keptClass: before.decision.id, hint: expect.stringContaining('older') },
    ]);

    nac.clock.advance(MINUTE_MS);
    await nac.app.enforce();
    const [again] = await takeJobs(nac);
    expect(again).toMatchObject({ id: job?.id, attempt: 2 });
    await acknowledge(nac, again);
    await apply(nac, 'NAC-00001', answer, { status: 'Interim-Update' });
    await nac.app.enforce();
    expect(await stagesOf(nac)).toEqual(['proven']);
    expect(await jobsOf(nac, { notEnforced: 'true' })).toEqual([]);
  });

  test('refused for a session that a fast roam has replaced since, the session of now is asked', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00001');
    await account(nac, 'NAC-00001', { status: 'Start', acctSessionId: 'A-1' });
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);
    const [job] = await takeJobs(nac);
    nac.clock.advance(SECOND_MS);
    await account(nac, 'NAC-00001', { status: 'Start', acctSessionId: 'A-2' });
    nac.clock.advance(SECOND_MS);
    const errorCause = { code: 503, name: 'Session Context Not Found' };
    await report(nac, job, 'finished', { outcome: 'refused', errorCause });
    nac.clock.advance(MINUTE_MS);
    await nac.app.enforce();

    expect(await takeJobs(nac)).toMatchObject([{ session: { acctSessionId: 'A-2' } }]);
  });

  test('refused by a NAS that the station has left since, the NAS it roamed to is asked', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00001');
    await account(nac, 'NAC-00001', { status: 'Start' });
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);
    const [job] = await takeJobs(nac);
    await account(nac, 'NAC-00001', { status: 'Start', nasIpAddress: '10.1.1.2', acctSessionId: 'B-1' });
    nac.clock.advance(SECOND_MS);
    const errorCause = { code: 503, name: 'Session Context Not Found' };
    await report(nac, job, 'finished', { outcome: 'refused', errorCause });
    await pollAgain(nac);
    await nac.app.enforce();

    expect(await takeJobs(nac)).toMatchObject([{ nas: { nasIpAddress: '10.1.1.2' } }]);
  });

  test('expired when nothing came of it, listed, and decided again after the next sweep', async () => {
    await using nac = await startEnforcementInMemory();
    await turnWhileConnected(nac, 'NAC-00001');
    await nac.app.enforce();
    await takeJobs(nac);
    nac.clock.advance(61 * MINUTE_MS);
    await nac.app.enforce();
    expect(await jobsOf(nac, { notEnforced: 'true' })).toMatchObject([{ stage: 'expired' }]);

    await pollAgain(nac);
    expect(await nac.app.enforce()).toEqual({ decided: 1, queued: 1 });
    expect(await takeJobs(nac)).toHaveLength(1);
    expect(await stagesOf(nac)).toEqual(['queued', 'expired']);
  });

  test('without an answer it is tried again later, as a second attempt with a message of its own', async () => {
    await using nac = await startEnforcementInMemory();
    await turnWhileConnected(nac, 'NAC-00001');
    const [first] = await takeJobs(nac);
    await report(nac, first, 'finished', { outcome: 'no-answer' });
    expect(await nac.app.enforce()).toMatchObject({ queued: 0 });
    expect(await takeJobs(nac)).toEqual([]);

    await waitForNextAttempt(nac);
    expect(await nac.app.enforce()).toMatchObject({ queued: 1 });
    const [message, ...others] = await takeMessages(nac, 'hq');
    expect(others).toEqual([]);
    expect(message).toMatchObject({ messageId: `${first?.id}:2`, body: { id: first?.id, attempt: 2 } });

    await acknowledge(nac, first);
    expect(await jobsOf(nac), 'the first attempt is history').toMatchObject([{ stage: 'queued', attempt: 2 }]);
    await acknowledge(nac, message?.body);
    expect(await jobsOf(nac)).toMatchObject([{ stage: 'acknowledged', attempt: 2 }]);
  });

  test('is not lost on a relay that is done with the second attempt before it is written down as queued', async () => {
    await using nac = await startEnforcementInMemory();
    await turnWhileConnected(nac, 'NAC-00001');
    const [first] = await takeJobs(nac);
    await report(nac, first, 'finished', { outcome: 'no-answer' });
    await waitForNextAttempt(nac);
    nac.storage.beforeEach = async ({ table, method }) => {
      if (table === 'jobs' && method !== 'GET') {
        nac.storage.beforeEach = () => 'pass';
        const [second] = await takeJobs(nac);
        await acknowledge(nac, second);
      }
      return 'pass' as const;
    };
    await nac.app.enforce();

    expect(await jobsOf(nac)).toMatchObject([{ stage: 'acknowledged', attempt: 2 }]);
  });

  test('given up by the queue, it says why, and goes out again when an operator has it sent again', async () => {
    await using nac = await startEnforcementInMemory();
    await turnWhileConnected(nac, 'NAC-00001');
    const [dead] = await takeMessages(nac, 'hq', 'dead-letter');
    await nac.app.enforce();
    expect(await jobsOf(nac, { notEnforced: 'true' })).toMatchObject([
      { stage: 'dead-lettered', deadLetter: { attempt: 1, reason: expect.stringContaining('not-a-job') } },
    ]);
    await nac.app.enforce();
    expect(await takeMessages(nac, 'hq'), 'it does not go round by itself').toEqual([]);

    const resent = await nac.app.resend(nac.operatorKey, 'hq', dead?.body.id);
    expect(await takeMessages(nac, 'hq')).toMatchObject([{ messageId: `${resent}:1` }]);
    expect(await jobsOf(nac)).toMatchObject([
      { id: resent, resentFrom: dead?.body.id, stage: 'queued', wanted: QUARANTINE },
      { id: dead?.body.id, stage: 'dead-lettered' },
    ]);
  });

  test('a report of no job, or no report at all, changes nothing', async () => {
    await using nac = await startEnforcementInMemory();
    await report(nac, { id: 'nobody', attempt: 1, site: 'hq' } as CoaJob, 'taken');
    await nac.app.report({ stage: 'proven' });
    expect(nac.log).toContainEqual(
      expect.objectContaining({ fields: expect.objectContaining({ code: 'NAC_REPORT', field: 'stage' }) }),
    );
    expect(await jobsOf(nac)).toEqual([]);
  });
});

describe('operators', () => {
  test('have a device’s stations authenticate again, whatever comes of it', async () => {
    await using nac = await startEnforcementInMemory();
    const { device, mac } = stationOf(nac, 'NAC-00001');
    await ask(nac, 'NAC-00001');
    nac.clock.advance(6 * MINUTE_MS);
    const { jobs: ids, source } = await nac.app.reauthenticate(nac.operatorKey, `{${device.toUpperCase()}}`);
    expect(source).toMatchObject({ read: 'found', compliance: 'compliant' });
    const [job, ...others] = await takeJobs(nac);
    expect(others).toEqual([]);
    expect(ids).toEqual([job?.id]);
    expect(job).toMatchObject({ action: 'reauthenticate', session: { userName: mac } });
    await acknowledge(nac, job);
    await nac.app.enforce();
    expect(await stagesOf(nac)).toEqual(['acknowledged']);

    expect((await comeBack(nac, 'NAC-00001')).decision.outcome).toEqual(NORMAL);
    await nac.app.enforce();
    expect(await stagesOf(nac)).toEqual(['proven']);
  });

  test('have the device read from its source first, and may disconnect its stations', async () => {
    await using nac = await startEnforcementInMemory();
    const { device } = stationOf(nac, 'NAC-00001');
    await comeBack(nac, 'NAC-00001');
    turn(nac, 'NAC-00001', 'noncompliant');
    const { source, jobs } = await nac.app.disconnect(nac.operatorKey, device, '{"reason": "seen at the gate"}');
    expect(source).toMatchObject({ read: 'found', compliance: 'noncompliant' });
    expect(await jobsOf(nac)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: jobs[0], action: 'disconnect', reason: 'disconnected by ops' }),
        expect.objectContaining({ wanted: QUARANTINE, reason: expect.stringContaining('noncompliant') }),
      ]),
    );
    expect((await ask(nac, 'NAC-00001')).decision.outcome).toEqual(QUARANTINE);
  });

  test('act on what is stored where the source is away, and learn why; a sweep begins when they ask for it', async () => {
    await using nac = await startEnforcementInMemory();
    const { device } = stationOf(nac, 'NAC-00001');
    await ask(nac, 'NAC-00001');
    await nac.app.poll(MINUTE_MS);
    expect(await nac.app.poll(MINUTE_MS)).toEqual({ kind: 'idle' });
    expect(await nac.app.sweepNow(nac.operatorKey)).toBe('asked-for');
    expect(await nac.app.poll(MINUTE_MS)).toEqual({ kind: 'complete' });
    await nac.tenant.close();
    const { source, jobs } = await nac.app.reauthenticate(nac.operatorKey, device);
    expect(source).toMatchObject({ read: 'failed', code: expect.stringMatching(/^NAC_SOURCE_/) });
    expect(jobs).toHaveLength(1);
    expect(await nac.app.refreshDevice(nac.operatorKey, device)).toMatchObject({ source: { read: 'failed' } });
  });

  test('see that the station has asked again, though it gets the same answer as a moment ago', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00001');
    await nac.app.reauthenticate(nac.operatorKey, stationOf(nac, 'NAC-00001').device);
    const [job] = await takeJobs(nac);
    await acknowledge(nac, job);
    await nac.app.enforce();
    expect(await stagesOf(nac)).toEqual(['acknowledged']);
    // The switch has done what the CoA said, so there is nothing left to enforce.
    expect(await jobsOf(nac, { notEnforced: 'true' })).toEqual([]);
    const before = await stored(nac, 'NAC-00001');
    await comeBack(nac, 'NAC-00001');
    await nac.app.enforce();

    expect(await stagesOf(nac)).toEqual(['proven']);
    expect((await stored(nac, 'NAC-00001')).version).toBe(before.version);
  });

  test('get an error when there is no such device, and no job where no station is connected', async () => {
    await using nac = await startEnforcementInMemory();
    for (const id of ['11111111-2222-3333-4444-555555555555', 'NAC-99999', "x' or '1", '']) {
      await expect(nac.app.reauthenticate(nac.operatorKey, id), id).rejects.toMatchObject({
        status: 400,
        code: 'NAC_DEVICE_UNKNOWN',
      });
    }
    expect(await nac.app.reauthenticate(nac.operatorKey, stationOf(nac, 'NAC-00001').device)).toMatchObject({
      jobs: [],
    });
    expect(await jobsOf(nac)).toEqual([]);
  });

  test('list jobs newest first, by site, stage, device, session and what is not enforced', async () => {
    await using nac = await startEnforcement();
    await ask(nac, 'NAC-00001', { apiKey: nac.branchKey });
    for (const name of ['NAC-00001', 'NAC-00007', 'NAC-00008']) {
      await turnWhileConnected(nac, name);
    }
    await nac.app.enforce();
    const jobs = await takeJobs(nac);
    const byName = new Map(jobs.map((job) => [job.session.userName, job]));
    const [first, seventh, eighth] = ['NAC-00001', 'NAC-00007', 'NAC-00008'].map((name) =>
      byName.get(stationOf(nac, name).mac),
    );
    await acknowledge(nac, first);
    await report(nac, seventh, 'finished', { outcome: 'not-possible' });
    await comeBack(nac, 'NAC-00001');
    await nac.app.enforce();

    const all = await jobsOf(nac);
    expect(all).toHaveLength(4);
    expect(all.map(({ decidedAt }) => decidedAt)).toEqual(
      all
        .map(({ decidedAt }) => decidedAt)
        .toSorted()
        .reverse(),
    );
    const idsOf = async (query: Query) => (await jobsOf(nac, query)).map(({ id }) => id);
    expect(await idsOf({ limit: '2' })).toEqual([eighth?.id, seventh?.id]);
    expect(await idsOf({ site: 'hq' })).toEqual([eighth?.id, seventh?.id, first?.id]);
    expect(await jobsOf(nac, { site: 'branch' })).toMatchObject([{ site: 'branch' }]);
    expect(await idsOf({ site: "hq' or PartitionKey ne '" })).toEqual([]);
    expect(await idsOf({ stage: 'proven' })).toEqual([first?.id]);
    expect(await idsOf({ stage: 'refused' })).toEqual([seventh?.id]);
    expect(await idsOf({ device: stationOf(nac, 'NAC-00008').device.toUpperCase() })).toEqual([eighth?.id]);
    expect(await idsOf({ session: all.find(({ id }) => id === seventh?.id)?.sessionId ?? '' })).toEqual([seventh?.id]);
    expect(await idsOf({ notEnforced: 'true', site: 'hq' })).toEqual([eighth?.id, seventh?.id]);
    expect(await idsOf({ notEnforced: 'true', site: 'hq', stage: 'proven' })).toEqual([]);
  });

  test('and RADIUS proxies each have their own routes, and no other client has any', async () => {
    await using nac = await startEnforcementInMemory();
    const refused = { status: 401, code: 'NAC_CLIENT_CREDENTIAL' };
    const { mac, device } = stationOf(nac, 'NAC-00001');
    const lookup = JSON.stringify({ method: 'mab', userName: mac, callingStationId: mac });
    await ask(nac, 'NAC-00001');
    for (const key of [nac.operatorKey, null, 'ops', `${nac.operatorKey}0`]) {
      await expect(nac.app.lookup(key, lookup)).rejects.toMatchObject(refused);
      await expect(nac.app.accounting(key, JSON.stringify({ status: 'Start' }))).rejects.toMatchObject(refused);
    }
    for (const key of [nac.apiKey, nac.branchKey, null, 'ops', `${nac.operatorKey}0`]) {
      await expect(nac.app.jobs(key, [])).rejects.toMatchObject(refused);
      await expect(nac.app.reauthenticate(key, device)).rejects.toMatchObject(refused);
    }
    expect(await takeJobs(nac)).toEqual([]);
  });
});
