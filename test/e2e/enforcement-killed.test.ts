// HTTP functions, background functions, relay or broker killed with SIGKILL while a change is being enforced, each at
// two points of the chain, and started again: every job comes to exactly one end, and the station has the role that
// policy gives.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EnforcedStations, expectProvenOnce, type PointName } from '../support/enforced-stations.ts';

const PARTS = {
  http: 'the HTTP functions',
  background: 'the background functions',
  relay: 'the relay',
  serviceBus: 'the Service Bus broker',
} as const;

/**
 * Each point is there; the simulation has all of them for every process, and what lies between them (test/simulation).
 */
const KILLED_AT: readonly (readonly [keyof typeof PARTS, PointName])[] = [
  ['http', 'the request is sent'],
  ['http', 'the switch has acknowledged'],
  ['background', 'the change is handed on'],
  ['background', 'the switch has the request'],
  ['relay', 'the relay has taken the job'],
  ['relay', 'the switch has acknowledged'],
  ['serviceBus', 'the job is queued'],
  ['serviceBus', 'the relay has taken the job'],
];
const CASES = KILLED_AT.map(([part, point], index) => ({
  part,
  killed: PARTS[part],
  point,
  station: `${part.toUpperCase()}-${index}`,
}));

let stations: EnforcedStations;

beforeAll(async () => {
  stations = await EnforcedStations.start(
    CASES.map(({ station }) => station),
    { serviceBus: { durable: true } },
  );
});

afterAll(() => stations?.[Symbol.asyncDispose]());

describe('killed and started again', () => {
  test.each(CASES)('$killed, when $point', async ({ part, point, station }) => {
    await stations.interrupt(station, point, () => stations.stack.kill(part));
    if (part === 'background') await stations.letLeaseRunOut();
    await stations.stack.restart(part);
    expectProvenOnce(await stations.settled(station, 'quarantine', 1));
  });
});

describe('after all of it', () => {
  test('every station comes back to normal, and no job is open, lost or there twice', async () => {
    await stations.expectRightOrListed();
    for (const { station } of CASES) stations.turn(station, 'compliant');
    for (const { station } of CASES) await stations.settled(station, 'compliant', 2);
    expect(await stations.listJobs('notEnforced=true')).toEqual([]);
    await stations.expectEachProvenOnce(2 * CASES.length);
    await stations.expectRightOrListed();
  });
});
