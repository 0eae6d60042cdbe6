// The fast lane: which devices of a source are read again every minute.

import { expect, test } from 'vitest';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import type { MatchedDevice } from '../../../shared/domain/policy/decision.ts';
import { noteFastLane } from '../../../shared/polling/between-sweeps/fast-lane.ts';
import { READ_AGAIN_TASK } from '../../../shared/polling/between-sweeps/scheduled-reads.ts';
import type { DecisionStore } from '../../../shared/ports/decision-store.ts';
import { MemoryStorage } from '../../simulation/services/memory-table-client.ts';
import { INSTANT } from '../../simulation/services/wire.ts';
import { aDecision, aSession } from '../../support/a-session.ts';
import { standingClock } from '../../support/adjustable-clock.ts';

const FOUND: MatchedDevice = {
  ...{ source: 'intune', id: 'a1', version: 3, asOf: '2026-11-20T10:00:00.000Z' },
  identity: { kind: 'deviceId', assurance: 'certificate-guid', origin: 'x' },
  joined: [
    { source: 'jamf', id: '900', version: 1 },
    { source: 'entra', id: 'e1', version: 1 },
  ],
};

test.each([
  ['intune', ['intune|a1']],
  ['jamf', ['jamf|900']],
  ['entra', ['entra|e1']],
  ['meraki', []],
])('%s reads each record that it has of a device which waits', async (name, expected) => {
  const clock = standingClock();
  const { polling } = new MemoryStorage(() => clock.now().getTime()).open(INSTANT);
  const tasks = new TableTaskStore(polling);
  const decisions = {
    list: async () => ({ decisions: [aSession({ decision: aDecision({ device: FOUND }) })] }),
  } as unknown as DecisionStore;
  expect(await noteFastLane({ source: { name }, decisions, tasks, clock }, 60_000)).toBe(expected.length);
  const { state } = await tasks.read<{ entries: object }>(READ_AGAIN_TASK);
  expect(Object.keys(state?.entries ?? {})).toEqual(expected);
});
