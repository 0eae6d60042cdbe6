// What operators do with jobs: list them page by page, and have them sent again.

import { expect, test } from 'vitest';
import {
  account,
  acknowledge,
  ask,
  comeBack,
  type Enforcement,
  jobsOf,
  MINUTE_MS,
  NORMAL,
  pollAgain,
  QUARANTINE,
  type Query,
  report,
  SECOND_MS,
  startEnforcement,
  startEnforcementInMemory,
  stationOf,
  takeJobs,
  takeMessages,
  turn,
  turnWhileConnected,
} from './enforcement-fixture.ts';

const NAMES = ['NAC-00001', 'NAC-00007', 'NAC-00008', 'NAC-00009'];

async function pageOf({ app, operatorKey }: Enforcement, query: Query) {
  const { jobs, next } = await app.jobs(operatorKey, new URLSearchParams(query));
  return { ids: jobs.map(({ id }) => id), next };
}

/** A job that the NAS has refused. */
async function refusedJob(nac: Enforcement, name: string): Promise<string> {
  await turnWhileConnected(nac, name);
  const [job] = await takeJobs(nac);
  await report(nac, job, 'finished', { outcome: 'refused', errorCause: { code: 501, name: 'Prohibited' } });
  return String(job?.id);
}

function resend({ app, operatorKey }: Enforcement, id: string, site = 'hq'): Promise<string> {
  return app.resend(operatorKey, site, id);
}

test('a list of all sites goes on page by page, newest first, and leaves no job out or in twice', async () => {
  await using nac = await startEnforcement();
  const places = [nac.apiKey, nac.branchKey, await nac.createClient('radius-9', 'aalborg'), nac.branchKey];
  for (const [index, name] of NAMES.entries()) {
    await ask(nac, name, { apiKey: places[index] ?? '' });
    turn(nac, name, 'noncompliant');
    await pollAgain(nac);
  }
  const all = await pageOf(nac, {});
  expect(all.ids).toHaveLength(4);
  expect(all.next).toBeUndefined();
  expect(all.ids).toEqual(all.ids.toSorted());

  const paged: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await pageOf(nac, { limit: '1', ...(after !== undefined && { after }) });
    paged.push(...page.ids);
    after = page.next;
    if (after === undefined) break;
  }
  expect(paged).toEqual(all.ids);

  const since = nac.clock.now().getTime() - 6 * MINUTE_MS;
  expect((await pageOf(nac, { since: new Date(since).toISOString() })).ids).toEqual(all.ids.slice(0, 2));
  expect((await pageOf(nac, { since: '6m', site: 'hq' })).ids).toEqual([]);
  nac.storage.requests.length = 0;
  await pageOf(nac, { since: '1m' });
  expect(nac.storage.requests.filter(({ table, method }) => table === 'jobs' && method === 'GET').length).toBeLessThan(
    10,
  );
});

test('what failed is listed as not enforced for as long as the station has the wrong answer', async () => {
  await using nac = await startEnforcementInMemory();
  const listed = async () => (await pageOf(nac, { notEnforced: 'true' })).ids;
  const first = await refusedJob(nac, 'NAC-00001');
  const second = await refusedJob(nac, 'NAC-00007');
  expect(await listed()).toEqual([second, first]);

  expect((await ask(nac, 'NAC-00001')).decision.outcome).toEqual(QUARANTINE);
  expect(await listed()).toEqual([second]);
  turn(nac, 'NAC-00007', 'compliant');
  await pollAgain(nac);
  expect(await listed()).toEqual([]);
  expect((await pageOf(nac, { stage: 'refused' })).ids).toEqual([second, first]);
});

test('a refused job is sent again as a job of its own, with what policy says now, and proven', async () => {
  await using nac = await startEnforcementInMemory();
  const id = await refusedJob(nac, 'NAC-00001');
  await ask(nac, 'NAC-00001');
  expect((await jobsOf(nac, { notEnforced: 'true' })).map((job) => job.id)).toEqual([]);
  const other = await refusedJob(nac, 'NAC-00007');
  await account(nac, 'NAC-00007', { status: 'Start', acctSessionId: 'B-1' });
  nac.clock.advance(SECOND_MS);
  const fresh = await resend(nac, other);
  expect(fresh).not.toBe(other);

  const [job, ...more] = await takeJobs(nac);
  expect(more).toEqual([]);
  expect(job).toMatchObject({ id: fresh, attempt: 1, session: { acctSessionId: 'B-1' } });
  const [stored] = await jobsOf(nac, { device: stationOf(nac, 'NAC-00007').device });
  expect(stored).toMatchObject({ id: fresh, resentFrom: other, answered: NORMAL, wanted: QUARANTINE, stage: 'queued' });
  await acknowledge(nac, job);
  await comeBack(nac, 'NAC-00007');
  await nac.app.enforce();
  expect((await jobsOf(nac, { stage: 'proven' })).map((proven) => proven.id)).toEqual([fresh]);
  expect((await jobsOf(nac, { stage: 'refused' })).map((refused) => refused.id)).toEqual([other, id]);
});

test('a job that waits for its next attempt makes it at once', async () => {
  await using nac = await startEnforcementInMemory();
  await turnWhileConnected(nac, 'NAC-00001');
  const [job] = await takeJobs(nac);
  await report(nac, job, 'finished', { outcome: 'no-answer' });

  expect(await resend(nac, String(job?.id))).toBe(job?.id);
  expect(await takeMessages(nac, 'hq')).toMatchObject([{ messageId: `${job?.id}:2` }]);
});

test('an expired job is sent again', async () => {
  await using nac = await startEnforcementInMemory();
  await turnWhileConnected(nac, 'NAC-00001');
  await nac.app.enforce();
  const [job] = await takeJobs(nac);
  nac.clock.advance(61 * MINUTE_MS);
  await nac.app.enforce();

  const fresh = await resend(nac, String(job?.id));
  expect(await takeJobs(nac)).toMatchObject([{ id: fresh, attempt: 1 }]);
});

test('a job that is not there, under way, or has nothing left to do is not sent again, and the operator reads why', async () => {
  await using nac = await startEnforcementInMemory();
  const unknown = { status: 404, code: 'NAC_JOB_UNKNOWN' };
  for (const id of ['8204776547116-0123456789abcdef0123-v2', "x' or '1", '', 'a/b']) {
    await expect(resend(nac, id), id).rejects.toMatchObject(unknown);
  }
  await turnWhileConnected(nac, 'NAC-00001');
  const [job] = await takeJobs(nac);
  const id = String(job?.id);
  await expect(resend(nac, id, 'branch')).rejects.toMatchObject(unknown);
  await expect(resend(nac, id)).rejects.toMatchObject({ status: 409, code: 'NAC_JOB_UNDER_WAY' });
  await acknowledge(nac, job);
  await expect(resend(nac, id)).rejects.toMatchObject({ code: 'NAC_JOB_UNDER_WAY' });
  await comeBack(nac, 'NAC-00001');
  await nac.app.enforce();
  const nothing = { status: 409, code: 'NAC_JOB_NOTHING_TO_RESEND' };
  await expect(resend(nac, id), 'proven').rejects.toMatchObject(nothing);

  const turnedBack = await refusedJob(nac, 'NAC-00007');
  turn(nac, 'NAC-00007', 'compliant');
  await pollAgain(nac);
  await expect(resend(nac, turnedBack), 'policy has come back').rejects.toMatchObject(nothing);

  const over = await refusedJob(nac, 'NAC-00008');
  await account(nac, 'NAC-00008', { status: 'Stop' });
  await expect(resend(nac, over), 'the session is over').rejects.toMatchObject(nothing);

  const twice = await refusedJob(nac, 'NAC-00009');
  await resend(nac, twice);
  await expect(resend(nac, twice), 'sent again already').rejects.toMatchObject({ code: 'NAC_JOB_UNDER_WAY' });
  for (const key of [nac.apiKey, null, 'ops']) {
    await expect(nac.app.resend(key, 'hq', twice)).rejects.toMatchObject({ status: 401 });
  }
});

test('a station that is disconnected has nothing of the old answer any more, whether it comes back or not', async () => {
  await using nac = await startEnforcementInMemory();
  for (const name of ['NAC-00001', 'NAC-00007']) {
    await ask(nac, name);
    await account(nac, name, { status: 'Start', acctSessionId: name });
    turn(nac, name, 'noncompliant');
  }
  await pollAgain(nac);
  for (const job of await takeJobs(nac)) {
    await report(nac, job, 'sent');
    // The Stop is here before the relay has reported.
    const name = String(job.session.acctSessionId);
    await account(nac, name, { status: 'Stop', acctSessionId: name });
    await nac.app.enforce();
    await report(nac, job, 'finished', { outcome: 'acknowledged' });
    await nac.app.enforce();
  }
  expect((await jobsOf(nac)).map(({ stage }) => stage)).toEqual(['ended', 'ended']);
  expect(await jobsOf(nac, { notEnforced: 'true' })).toEqual([]);

  expect((await ask(nac, 'NAC-00001')).decision.outcome).toEqual(QUARANTINE);
  nac.clock.advance(4 * MINUTE_MS);
  await nac.app.enforce();
  expect(await takeJobs(nac)).toEqual([]);
  expect(await jobsOf(nac, { notEnforced: 'true' })).toEqual([]);
});
