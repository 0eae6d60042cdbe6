// Clocks of instances that are minutes off: stations are enforced all the same, and each once.

import { describe, expect, test } from 'vitest';
import { isFinal } from '../../../shared/domain/coa/enforcement-job.ts';
import { INSTANT } from '../../simulation/services/wire.ts';
import { MemoryNetwork, MINUTE_MS } from '../../support/memory-network.ts';

const MAC = 'A0-B1-C2-D3-00-01';
const MAB = { method: 'mab', userName: MAC, callingStationId: MAC, nasPortId: 'Gi1/0/1' };
const RECORD = { callingStationId: MAC, acctSessionId: 'A-1', nasPortId: 'Gi1/0/1' };

describe.each([
  ['ten minutes behind', -10 * MINUTE_MS],
  ['ten minutes ahead', 10 * MINUTE_MS],
])('an instance %s', (_what, skewMs) => {
  async function enforced(answersBefore: 'off' | 'right', answersAfter: 'off' | 'right') {
    const network = await MemoryNetwork.start();
    const device = network.put(1);
    await network.poll();
    const off = network.instance(INSTANT, skewMs);
    const appOf = (clock: 'off' | 'right') => (clock === 'off' ? { app: off } : {});
    const first = await network.ask(MAB, appOf(answersBefore));
    await network.account({ ...RECORD, status: 'Start', class: first.decision.id });
    await network.pass(20 * MINUTE_MS);
    network.put(1, { id: device, complianceState: 'noncompliant' });
    await network.poll();
    await network.enforce();
    const [coa, ...others] = await network.takeJobs();
    expect(others).toEqual([]);
    await network.report(coa, { outcome: 'acknowledged' });
    const { decision } = await network.ask(MAB, appOf(answersAfter));
    expect(decision.outcome).toMatchObject({ role: 'quarantine' });
    return { network, decision, app: appOf(answersAfter) };
  }

  test.each([
    ['before and after', 'off', 'off'],
    ['before', 'off', 'right'],
    ['after', 'right', 'off'],
  ] as const)(
    'that answers %s the CoA: no further CoA, where accounting carries the new Class',
    async (_when, a, b) => {
      const { network, decision } = await enforced(a, b);
      await network.account({ ...RECORD, status: 'Interim-Update', class: decision.id });
      for (let minute = 0; minute < 40; minute++) {
        await network.pass(MINUTE_MS);
        await network.enforce();
      }
      expect(await network.takeJobs()).toEqual([]);
      expect((await network.jobs()).filter((job) => !isFinal(job))).toEqual([]);
    },
  );

  test.each([
    ['before and after', 'off', 'off'],
    ['after', 'right', 'off'],
  ] as const)('that answers %s the CoA: a later turn is enforced, too', async (_when, a, b) => {
    const { network, decision, app } = await enforced(a, b);
    await network.account({ ...RECORD, status: 'Interim-Update', class: decision.id });
    await network.pass(MINUTE_MS);
    await network.enforce();
    network.put(1, { complianceState: 'compliant' });
    await network.poll();
    await network.enforce();
    const [coa, ...others] = await network.takeJobs();
    expect(others).toEqual([]);
    await network.report(coa, { outcome: 'acknowledged' });
    expect((await network.ask(MAB, app)).decision.outcome).toMatchObject({ role: 'compliant' });
  });

  test('that hears the Stop of a session which another one answered, or the other way round', async () => {
    for (const [asks, hears] of [
      ['off', 'right'],
      ['right', 'off'],
    ]) {
      const network = await MemoryNetwork.start();
      const device = network.put(1);
      await network.poll();
      const off = network.instance(INSTANT, skewMs);
      const appOf = (clock: string | undefined) => (clock === 'off' ? { app: off } : {});
      const { decision } = await network.ask(MAB, appOf(asks));
      await network.account({ ...RECORD, status: 'Start', class: decision.id }, appOf(asks));
      await network.pass(2 * MINUTE_MS);
      await network.account({ ...RECORD, status: 'Stop', class: decision.id }, appOf(hears));
      network.put(1, { id: device, complianceState: 'noncompliant' });
      await network.poll();
      const errorCause = { code: 503, name: 'Session Context Not Found' };
      // The NAS says 503 to one at most, and to another where the answer seems to be of later than the CoA.
      for (let sweeps = 0; sweeps < 2; sweeps++) {
        await network.enforce();
        const coas = await network.takeJobs();
        expect(coas.length).toBeLessThanOrEqual(1);
        if (coas.length > 0) await network.report(coas[0], { outcome: 'refused', errorCause });
        await network.sweep();
      }
      await network.enforce();
      expect(await network.takeJobs()).toEqual([]);
    }
  });
});
