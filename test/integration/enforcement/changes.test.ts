// Which changes become jobs: from a compliance change to the queue of a site, and what the outbox and the
// reconciliation add.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startServiceBus } from '../../../local/service-bus/start-service-bus.ts';
import { createApp } from '../../../shared/app.ts';
import { readSettings } from '../../../shared/settings.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { withoutListener } from '../../support/connector-fixture.ts';
import {
  account,
  acknowledge,
  ask,
  comeBack,
  jobsOf,
  MINUTE_MS,
  NORMAL,
  pollAgain,
  pollWithoutEnforcing,
  QUARANTINE,
  QUEUES,
  report,
  restartNas,
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

describe('a connected device turns noncompliant', () => {
  test('becomes one urgent job in its site’s queue, which names session and NAS and carries no secret', async () => {
    await using nac = await startEnforcement();
    const { mac, device } = stationOf(nac, 'NAC-00001');
    await ask(nac, 'NAC-00001', { nasIdentifier: 'switch-a' });
    const accounted = { nasIdentifier: 'switch-a', nasPortId: 'Gi1/0/7', auditSessionId: '0A01', nasPort: '50107' };
    await account(nac, 'NAC-00001', { status: 'Start', userName: mac, framedIpAddress: '10.9.9.9', ...accounted });
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);

    const [message, ...others] = await takeMessages(nac, 'hq');
    const [job, ...otherJobs] = await jobsOf(nac);
    expect([others, otherJobs, await takeJobs(nac, 'branch')]).toEqual([[], [], []]);
    // Without telemetry there is no trace to go on with.
    expect(message?.applicationProperties ?? {}).toEqual({});
    expect(job).not.toHaveProperty('trace');
    expect(job).toMatchObject({
      site: 'hq',
      device: { source: 'intune', id: device },
      stage: 'queued',
      urgent: true,
      answered: NORMAL,
      wanted: QUARANTINE,
      reason: expect.stringContaining('noncompliant'),
    });
    expect(message).toMatchObject({ messageId: `${job?.id}:1`, sessionId: 'hq', contentType: 'application/json' });
    expect(message?.body).toEqual({
      id: job?.id,
      attempt: 1,
      site: 'hq',
      action: 'reauthenticate',
      session: {
        userName: mac,
        callingStationId: mac,
        acctSessionId: 'A-1',
        auditSessionId: '0A01',
        framedIpAddress: '10.9.9.9',
        nasPort: 50_107,
        nasPortId: 'Gi1/0/7',
      },
      nas: { nasIpAddress: '10.1.1.1', nasIdentifier: 'switch-a' },
      decidedAt: job?.decidedAt,
      expiresAt: job?.expiresAt,
    });
    const [, secret = ''] = nac.apiKey.split('.');
    for (const text of [JSON.stringify(message?.body), JSON.stringify(job)]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(nac.tenant.clientSecret);
      expect(text).not.toMatch(/secret|password|apiKey/i);
    }
  });

  test('replayed, makes no second job, before or after the first is done', async () => {
    await using nac = await startEnforcementInMemory();
    await turnWhileConnected(nac, 'NAC-00001');
    const replay = async () => {
      const { etag, retiredIdentities, ...record } = await stored(nac, 'NAC-00001');
      const change = nac.changes.at(-1);
      if (change === undefined) throw new Error('there was no change');
      await nac.devices.write([{ record, retiredIdentities, change, replaces: etag }]);
      await pollAgain(nac);
      await nac.app.enforce();
    };

    await replay();
    const [first, ...more] = await takeJobs(nac);
    expect(more).toEqual([]);
    expect(await jobsOf(nac)).toMatchObject([{ id: first?.id }]);

    await acknowledge(nac, first);
    await comeBack(nac, 'NAC-00001');
    await nac.app.enforce();
    await replay();
    expect(await jobsOf(nac)).toMatchObject([{ id: first?.id, stage: 'proven' }]);
    expect(await takeJobs(nac)).toEqual([]);
  });

  test('becomes a job for each of its sessions, in the queue of each site', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00001');
    await ask(nac, 'NAC-00001', { apiKey: nac.branchKey, nasIpAddress: '10.2.2.2' });
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);

    const [hq, branch] = [await takeJobs(nac), await takeJobs(nac, 'branch')];
    expect(hq).toMatchObject([{ site: 'hq', nas: { nasIpAddress: '10.1.1.1' } }]);
    expect(branch).toMatchObject([{ site: 'branch', nas: { nasIpAddress: '10.2.2.2' } }]);
    expect(hq[0]?.id).not.toBe(branch[0]?.id);
  });

  test('becomes a job for the NAS that accounting saw last, where the station has roamed to without asking', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00001', { nasIdentifier: 'switch-a', nasPortId: 'Gi1/0/7' });
    await account(nac, 'NAC-00001', { status: 'Start' });
    const atB = { nasIpAddress: '10.1.1.2', nasIdentifier: 'switch-b', acctSessionId: 'B-1' };
    await account(nac, 'NAC-00001', { status: 'Start', ...atB });
    await account(nac, 'NAC-00001', { status: 'Stop' });
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);

    const [job, ...others] = await takeJobs(nac);
    expect(others).toEqual([]);
    expect(job?.nas).toEqual({ nasIpAddress: '10.1.1.2', nasIdentifier: 'switch-b' });
    expect(job?.session).toMatchObject({ acctSessionId: 'B-1', callingStationId: stationOf(nac, 'NAC-00001').mac });
    expect(job?.session).not.toHaveProperty('nasPortId');
  });
});

describe('other changes', () => {
  test('make no job when the answer would be the same, or no station is connected', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00001');
    await ask(nac, 'NAC-00002');
    nac.tenant.fleet.patch('NAC-00001', { deviceName: 'RENAMED', osVersion: '99' });
    turn(nac, 'NAC-00002', 'error');
    turn(nac, 'NAC-00007', 'noncompliant');
    nac.changes.length = 0;
    await pollAgain(nac);
    expect(nac.changes).toHaveLength(3);

    expect(await nac.app.enforce()).toEqual({ decided: 0, queued: 0 });
    expect(await jobsOf(nac)).toEqual([]);
    expect(await takeJobs(nac)).toEqual([]);
  });

  test('back to compliant lets the station out of quarantine, without haste', async () => {
    await using nac = await startEnforcementInMemory();
    expect((await ask(nac, 'NAC-00002')).decision.outcome).toEqual(QUARANTINE);
    turn(nac, 'NAC-00002', 'compliant');
    await pollAgain(nac);

    expect(await jobsOf(nac)).toMatchObject([{ urgent: false, answered: QUARANTINE, wanted: NORMAL, stage: 'queued' }]);
    const [job] = await takeJobs(nac);
    await acknowledge(nac, job);
    expect((await comeBack(nac, 'NAC-00002')).decision.outcome).toEqual(NORMAL);
    await nac.app.enforce();
    expect(await stagesOf(nac)).toEqual(['proven']);
  });

  test('a device that is gone from Intune is sent into quarantine, and the job says which device', async () => {
    await using nac = await startEnforcementInMemory();
    const { device } = stationOf(nac, 'NAC-00001');
    await ask(nac, 'NAC-00001');
    nac.tenant.fleet.remove('NAC-00001');
    // Not in the list, and not there when asked for by name either: two witnesses.
    await pollAgain(nac);

    expect(await takeJobs(nac)).toHaveLength(1);
    const jobs = await jobsOf(nac);
    expect(jobs).toMatchObject([{ urgent: true, wanted: QUARANTINE, stage: 'queued' }]);
    expect(await jobsOf(nac, { device })).toEqual(jobs);
  });

  test('a device that is being retired is sent into quarantine', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00001');
    nac.tenant.fleet.retire('NAC-00001');
    await pollAgain(nac);

    expect(await takeJobs(nac)).toHaveLength(1);
    expect(await jobsOf(nac)).toMatchObject([{ urgent: true, wanted: QUARANTINE }]);
  });
});

describe('a session that is over', () => {
  test('gets no job: stopped, its NAS restarted, or without a sign of life for a day', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00011');
    nac.clock.advance(24 * 60 * MINUTE_MS);
    const places = {
      'NAC-00001': '10.1.1.1',
      'NAC-00007': '10.1.1.2',
      'NAC-00008': '10.1.1.3',
      'NAC-00009': '10.1.1.4',
    };
    for (const [name, nasIpAddress] of Object.entries(places)) {
      await ask(nac, name, { nasIpAddress });
      await account(nac, name, { status: 'Start', nasIpAddress });
    }
    await account(nac, 'NAC-00001', { status: 'Stop', nasIpAddress: '10.1.1.1' });
    await restartNas(nac, '10.1.1.2', 'Accounting-On');
    await restartNas(nac, '10.1.1.3', 'Accounting-Off');
    for (const name of [...Object.keys(places), 'NAC-00011']) turn(nac, name, 'noncompliant');
    await pollAgain(nac);
    await nac.app.enforce();

    expect(await takeJobs(nac)).toMatchObject([{ nas: { nasIpAddress: '10.1.1.4' } }]);
    expect(await jobsOf(nac)).toMatchObject([{ device: { id: stationOf(nac, 'NAC-00009').device } }]);
  });

  test('gets no job when its NAS restarted before it accounted for the session', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00001');
    // Until then another instance may have given the same answer again, unwritten, after the restart.
    nac.clock.advance(5 * MINUTE_MS);
    await restartNas(nac, '10.1.1.1');
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);

    expect(await takeJobs(nac)).toEqual([]);
    expect(await jobsOf(nac)).toEqual([]);
  });

  test('is another matter than a station that has moved: the NAS it left may restart', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00001');
    await account(nac, 'NAC-00001', { status: 'Start' });
    await ask(nac, 'NAC-00001', { nasIpAddress: '10.1.1.2' });
    await restartNas(nac, '10.1.1.1');
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);

    expect(await takeJobs(nac)).toMatchObject([{ nas: { nasIpAddress: '10.1.1.2' } }]);
  });

  test('takes its job along: what is not sent yet is not sent any more', async () => {
    await using nac = await startEnforcementInMemory({ JOBS_IN_FLIGHT_PER_SITE: '1' });
    for (const name of ['NAC-00001', 'NAC-00007']) {
      await ask(nac, name);
      await account(nac, name, { status: 'Start', acctSessionId: name });
      turn(nac, name, 'noncompliant');
    }
    await pollAgain(nac);
    const [inFlight] = await takeJobs(nac);
    const [waiting] = await jobsOf(nac, { stage: 'decided' });
    const left = waiting?.device?.id === stationOf(nac, 'NAC-00001').device ? 'NAC-00001' : 'NAC-00007';
    await account(nac, left, { status: 'Stop', acctSessionId: left });
    await acknowledge(nac, inFlight);
    await nac.app.enforce();

    expect(await takeJobs(nac)).toEqual([]);
    expect(await stagesOf(nac)).toContain('ended');
  });
});

describe('a device that flips back', () => {
  test('before the station asked again: the job is overtaken, and is not sent any more', async () => {
    await using nac = await startEnforcementInMemory();
    await turnWhileConnected(nac, 'NAC-00001');
    const [job] = await takeJobs(nac);
    await report(nac, job, 'finished', { outcome: 'no-answer' });
    turn(nac, 'NAC-00001', 'compliant');
    await pollAgain(nac);
    await nac.app.enforce();

    expect(await stagesOf(nac)).toEqual(['superseded']);
    expect(await takeJobs(nac)).toEqual([]);
    expect(await jobsOf(nac, { notEnforced: 'true' })).toEqual([]);
  });

  test('after the station got its answer: the older job is done with, the newer one leads back', async () => {
    await using nac = await startEnforcementInMemory();
    await turnWhileConnected(nac, 'NAC-00001');
    await takeJobs(nac);
    await ask(nac, 'NAC-00001');
    turn(nac, 'NAC-00001', 'compliant');
    await pollAgain(nac);

    const [newer, older] = await jobsOf(nac);
    expect(newer).toMatchObject({ stage: 'queued', urgent: false, answered: QUARANTINE, wanted: NORMAL });
    expect(older?.stage).toMatch(/^(superseded|proven)$/);
    const [job] = await takeJobs(nac);
    expect(job?.id).toBe(newer?.id);
    await acknowledge(nac, job);
    await comeBack(nac, 'NAC-00001');
    await nac.app.enforce();
    expect((await jobsOf(nac, { stage: 'proven' })).map(({ id }) => id)).toContain(newer?.id);
  });

  test('a newer job about the same session supersedes the older one', async () => {
    await using nac = await startEnforcementInMemory();
    const { device } = stationOf(nac, 'NAC-00001');
    await ask(nac, 'NAC-00001');
    await nac.app.reauthenticate(nac.operatorKey, device);
    const [older] = await takeJobs(nac);
    nac.clock.advance(SECOND_MS);
    await nac.app.reauthenticate(nac.operatorKey, device);
    await nac.app.enforce();

    expect(await stagesOf(nac)).toEqual(['queued', 'superseded']);
    await acknowledge(nac, older);
    expect(await stagesOf(nac)).toEqual(['queued', 'superseded']);
  });

  test('what an operator asks for does not swallow a quarantine that waits', async () => {
    await using nac = await startEnforcementInMemory();
    await turnWhileConnected(nac, 'NAC-00001');
    const [quarantine] = await takeJobs(nac);
    await report(nac, quarantine, 'finished', { outcome: 'no-answer' });
    await nac.app.reauthenticate(nac.operatorKey, stationOf(nac, 'NAC-00001').device);
    // The device was read first, so that the quarantine is decided with what Intune says now, and goes out at once.
    const jobs = await takeJobs(nac);
    const [operator, again] = [true, false].map((byOperator) =>
      jobs.find(({ id }) => id.includes('-operator_') === byOperator),
    );
    await report(nac, again, 'finished', { outcome: 'no-answer' });
    await acknowledge(nac, operator);
    await waitForNextAttempt(nac);
    await nac.app.enforce();

    expect(await takeJobs(nac)).toMatchObject([{ id: again?.id, attempt: 2 }]);
  });
});

describe('the outbox', () => {
  const names = ['NAC-00001', 'NAC-00007', 'NAC-00008', 'NAC-00009'];

  test('lets a site have so many jobs in hand and no more, and goes on as they end', async () => {
    await using nac = await startEnforcementInMemory({ JOBS_IN_FLIGHT_PER_SITE: '2' });
    for (const [index, name] of names.entries()) {
      await ask(nac, name, { nasIpAddress: `10.1.1.${index}` });
      turn(nac, name, 'noncompliant');
    }
    await pollAgain(nac);
    await nac.app.enforce();
    const [first, second, ...tooMany] = await takeJobs(nac);
    expect(second).toBeDefined();
    expect(tooMany).toEqual([]);
    expect(await jobsOf(nac, { stage: 'decided' })).toHaveLength(2);

    await acknowledge(nac, first);
    await nac.app.enforce();
    const third = await takeJobs(nac);
    expect(third).toHaveLength(1);
    await report(nac, second, 'finished', { outcome: 'no-answer' });
    await nac.app.enforce();
    const fourth = await takeJobs(nac);
    expect(fourth, 'a dead switch does not hold up the others').toHaveLength(1);
    expect(new Set([first, second, ...third, ...fourth].map((job) => job?.id)).size).toBe(4);
  });

  test('sends into quarantine before it lets out, whatever came first', async () => {
    await using nac = await startEnforcementInMemory({ JOBS_IN_FLIGHT_PER_SITE: '1' });
    for (const name of ['NAC-00001', 'NAC-00002', 'NAC-00012']) await ask(nac, name);
    turn(nac, 'NAC-00002', 'compliant');
    turn(nac, 'NAC-00012', 'compliant');
    await pollAgain(nac);
    const [inFlight, ...tooMany] = await takeJobs(nac);
    expect(tooMany).toEqual([]);
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);
    await acknowledge(nac, inFlight);
    await nac.app.enforce();

    expect(await takeJobs(nac)).toMatchObject([{ session: { userName: stationOf(nac, 'NAC-00001').mac } }]);
  });

  test('keeps jobs while Service Bus is away, and queues them once it is back', async () => {
    await using stack = new AsyncDisposableStack();
    const dataFolder = await mkdtemp(join(tmpdir(), 'nac-broker-'));
    stack.defer(() => rm(dataFolder, { recursive: true }));
    let broker = await startServiceBus({ dataFolder, queues: QUEUES });
    stack.defer(() => broker.close());
    const { port } = broker;
    const nac = stack.use(await startEnforcementInMemory({}, broker.connectionString));
    await ask(nac, 'NAC-00001');
    await broker.close();
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollAgain(nac);
    await nac.app.enforce().catch((thrown) => expect(thrown).toMatchObject({ code: 'NAC_QUEUE_UNAVAILABLE' }));
    expect(await stagesOf(nac, { notEnforced: 'true' })).toEqual(['decided']);

    broker = await startServiceBus({ dataFolder, port, queues: QUEUES });
    expect(await nac.app.enforce()).toMatchObject({ queued: 1 });
    expect(await takeJobs(nac)).toHaveLength(1);
    expect(await stagesOf(nac)).toEqual(['queued']);
  });

  test('does not hold up a site because another one’s queue is missing', async () => {
    await using nac = await startEnforcementInMemory();
    const labKey = await nac.createClient('radius-3', 'lab');
    await ask(nac, 'NAC-00001', { apiKey: labKey });
    await turnWhileConnected(nac, 'NAC-00001');

    expect(await stagesOf(nac, { site: 'hq' })).toEqual(['queued']);
    expect(await stagesOf(nac, { site: 'lab' })).toEqual(['decided']);
    expect(await takeJobs(nac)).toHaveLength(1);
    expect(JSON.stringify(nac.log)).toContain('NAC_QUEUE_MISSING');
  });
});

describe('the reconciliation', () => {
  test('finds a session whose change was lost, once', async () => {
    await using nac = await startEnforcementInMemory();
    await ask(nac, 'NAC-00001');
    await nac.app.enforce();
    turn(nac, 'NAC-00001', 'noncompliant');
    await pollWithoutEnforcing(nac);
    expect(await jobsOf(nac)).toEqual([]);

    expect(await nac.app.enforce()).toEqual({ decided: 1, queued: 1 });
    expect(await jobsOf(nac)).toMatchObject([{ urgent: true, answered: NORMAL, wanted: QUARANTINE }]);
    expect(await takeJobs(nac)).toHaveLength(1);

    const another = createApp(readSettings(nac.env), {
      ...withoutListener(nac.overrides),
      log: collectingLogger().logger,
    });
    expect(await another.enforce()).toEqual({ decided: 0, queued: 0 });
    await another.close();
    expect(await nac.app.enforce()).toEqual({ decided: 0, queued: 0 });
    expect(await takeJobs(nac)).toEqual([]);
  });

  test('finds a station that was unknown when it asked, and is enrolled now', async () => {
    await using nac = await startEnforcementInMemory();
    const mac = 'A4-BB-6D-00-00-01';
    const request = { method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: '10.1.1.1' };
    const { decision } = await nac.app.lookup(nac.apiKey, JSON.stringify(request));
    expect(decision.standing).toBe('notEnrolled');
    nac.tenant.fleet.add({ wiFiMacAddress: 'A4BB6D000001', complianceState: 'compliant' });
    await pollAgain(nac);
    await nac.app.enforce();

    expect(await jobsOf(nac)).toMatchObject([{ urgent: false, answered: QUARANTINE, wanted: NORMAL, stage: 'queued' }]);
  });

  test('is not kept from it by an older job that is as good as done', async () => {
    await using nac = await startEnforcementInMemory();
    await turnWhileConnected(nac, 'NAC-00001');
    const [job] = await takeJobs(nac);
    await acknowledge(nac, job);
    await ask(nac, 'NAC-00001');
    turn(nac, 'NAC-00001', 'compliant');
    await pollWithoutEnforcing(nac);
    await nac.app.enforce();
    await nac.app.enforce();

    expect(await jobsOf(nac)).toMatchObject([
      { answered: QUARANTINE, wanted: NORMAL, stage: 'queued' },
      { id: job?.id },
    ]);
  });
});
