// Jobs and sessions that have been over for long are removed; what is live, open or recent stays.

import { expect, test } from 'vitest';
import {
  account,
  acknowledge,
  ask,
  comeBack,
  type Enforcement,
  jobsOf,
  MINUTE_MS,
  pollAgain,
  report,
  startEnforcement,
  stationOf,
  takeJobs,
  turn,
  turnWhileConnected,
} from './enforcement-fixture.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

async function sessionRows({ tables }: Enforcement): Promise<{ sessions: string[]; ways: string[] }> {
  const rows = await Array.fromAsync(tables.sessions.listEntities());
  const keys = rows.map(({ rowKey = '' }) => rowKey);
  return {
    sessions: keys.filter((key) => key.startsWith('s|')).map((key) => key.slice(2)),
    // From devices and from ids of accounting. Decisions lie there too, and have a time of their own.
    ways: keys.filter((key) => /^[da]\|/.test(key)),
  };
}

test('finished jobs go after JOB_HISTORY, and a change is still enforced afterwards', async () => {
  await using nac = await startEnforcement({ JOB_HISTORY: '2d' });
  await turnWhileConnected(nac, 'NAC-00001');
  const [job] = await takeJobs(nac);
  await acknowledge(nac, job);
  await comeBack(nac, 'NAC-00001');
  await nac.app.enforce();

  nac.clock.advance(2 * DAY_MS - HOUR_MS);
  expect(await nac.app.purgeExpired()).toMatchObject({ jobs: 0 });
  expect(await jobsOf(nac)).toMatchObject([{ id: job?.id, stage: 'proven' }]);
  nac.clock.advance(2 * HOUR_MS);
  expect(await nac.app.purgeExpired()).toMatchObject({ jobs: 1 });
  expect(await jobsOf(nac)).toEqual([]);
  expect(await nac.app.purgeExpired()).toMatchObject({ jobs: 0 });
  await report(nac, job, 'finished', { outcome: 'acknowledged' });

  await ask(nac, 'NAC-00001');
  turn(nac, 'NAC-00001', 'compliant');
  await pollAgain(nac);
  expect(await takeJobs(nac)).toHaveLength(1);
});

test('a job that is not finished stays, however old it is', async () => {
  await using nac = await startEnforcement({ JOB_HISTORY: '1d' });
  for (const name of ['NAC-00001', 'NAC-00007']) {
    await ask(nac, name);
    turn(nac, name, 'noncompliant');
  }
  await pollAgain(nac);
  const [job] = await takeJobs(nac);
  await report(nac, job, 'finished', { outcome: 'not-possible' });
  nac.clock.advance(3 * DAY_MS);
  expect(await nac.app.purgeExpired()).toMatchObject({ jobs: 1 });
  const [open, ...others] = await jobsOf(nac);
  expect(others).toEqual([]);
  expect(open).toMatchObject({ stage: 'queued' });
});

test('sessions go a day after they were over, with what leads to them; others stay', async () => {
  await using nac = await startEnforcement();
  await ask(nac, 'NAC-00001', { acctMultiSessionId: 'M-1' });
  await ask(nac, 'NAC-00007');
  await ask(nac, 'NAC-00008');
  const mac = 'A4-BB-6D-00-00-01';
  await nac.app.lookup(
    nac.apiKey,
    JSON.stringify({ method: 'mab', userName: mac, callingStationId: mac, nasIpAddress: '10.1.1.1' }),
  );
  expect(await sessionRows(nac)).toMatchObject({ sessions: { length: 4 }, ways: { length: 4 } });

  nac.clock.advance(DAY_MS);
  await account(nac, 'NAC-00007', { status: 'Start' });
  await ask(nac, 'NAC-00008');
  nac.clock.advance(DAY_MS - HOUR_MS);
  // The address that leads to no device was over after an hour.
  expect(await nac.app.purgeExpired()).toMatchObject({ sessions: 1 });
  nac.clock.advance(2 * HOUR_MS);
  expect(await nac.app.purgeExpired()).toMatchObject({ sessions: 1 });
  expect(await sessionRows(nac)).toMatchObject({ sessions: { length: 2 }, ways: { length: 2 } });

  for (const name of ['NAC-00001', 'NAC-00007', 'NAC-00008']) {
    await ask(nac, name);
    turn(nac, name, 'noncompliant');
  }
  await pollAgain(nac);
  expect(await takeJobs(nac), 'a station that comes back is enforced like any other').toHaveLength(3);
});

test('a session that shows itself while it is being removed stays, and can be found from its device', async () => {
  await using nac = await startEnforcement();
  await ask(nac, 'NAC-00001');
  nac.clock.advance(3 * DAY_MS);
  nac.storage.beforeEach = async ({ table, method }) => {
    if (table === 'sessions' && method === 'DELETE') {
      nac.storage.beforeEach = () => 'pass';
      await ask(nac, 'NAC-00001');
    }
    return 'pass' as const;
  };
  expect(await nac.app.purgeExpired()).toMatchObject({ sessions: 0 });
  expect(await nac.sessions.listByDevice({ source: 'intune', id: stationOf(nac, 'NAC-00001').device })).toHaveLength(1);
});
