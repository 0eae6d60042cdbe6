// What the breaker holds is not enforced, and no job says so: the list of what is not enforced names its live sessions.

import { expect, test } from 'vitest';
import { setState } from '../../support/hold-scenario.ts';
import { ask, jobsOf, pollAgain, startEnforcement } from './enforcement-fixture.ts';

test('live sessions of held devices are listed as not enforced, until their run is released', async () => {
  await using nac = await startEnforcement({ MASS_CHANGE_DEVICES: '3' });
  const [first, second, steady] = ['NAC-00001', 'NAC-00007', 'NAC-00011'] as const;
  await ask(nac, first);
  await ask(nac, second, { apiKey: nac.branchKey });
  await ask(nac, steady);
  setState(nac, [first, second, 'NAC-00008', 'NAC-00009'], 'noncompliant');
  await pollAgain(nac);

  const list = (query: Record<string, string>) =>
    nac.app.jobs(nac.operatorKey, new URLSearchParams({ notEnforced: 'true', ...query }));
  const { jobs, held } = await list({});
  expect(jobs).toEqual([]);
  const idOf = (name: string) => ({ source: 'intune', id: nac.tenant.fleet.get(name).id });
  expect(held?.complete).toBe(true);
  expect(held?.sessions.toSorted((one, other) => other.site.localeCompare(one.site))).toMatchObject([
    { site: 'hq', device: idOf(first), what: 'flip' },
    { site: 'branch', device: idOf(second), what: 'flip' },
  ]);
  expect((await list({ limit: '1' })).held).toMatchObject({ sessions: { length: 1 }, complete: false });
  expect((await list({ site: 'branch' })).held?.sessions).toMatchObject([{ site: 'branch' }]);
  expect((await list({ device: idOf(first).id })).held?.sessions).toMatchObject([{ site: 'hq' }]);
  expect((await nac.app.jobs(nac.operatorKey, [])).held).toBeUndefined();

  const runId = held?.sessions[0]?.runId;
  await nac.app.releaseHeld(nac.operatorKey, JSON.stringify({ runId, reason: 'seen with the Intune team' }));
  nac.clock.advance(1_000);
  await nac.app.poll(120_000);
  expect((await list({})).held).toEqual({ sessions: [], complete: true });
  expect(await jobsOf(nac, { notEnforced: 'true' })).toHaveLength(2);
});
