// Two relays of a site at once, and connections to Service Bus that are cut or die without a word while a change is
// being enforced: every job comes to exactly one end, and no session keeps an answer that policy no longer gives
// unlisted.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CuttableConnection, cuttableConnection } from '../integration/relay/cuttable-connection.ts';
import { EnforcedStations, expectProvenOnce, jobIs, type PointName } from '../support/enforced-stations.ts';

/** Names of the relays in their log. */
const RELAYS = { 'local-relay': 'relay', 'standby-relay': 'standby' } as const;
type RelayName = keyof typeof RELAYS;

/**
 * At each point once; the simulation has them all, and what lies between them, for every kind of end (test/simulation).
 */
const KILLED = atPoints('KILLED', 'the request is sent', 'the switch has acknowledged');
const CUT = atPoints('CUT', 'the job is queued', 'the switch has the request');
const FUNCTIONS_CUT = atPoints('FUNCTIONS', 'the change is handed on', 'the switch has the request');
const FROZEN = 'FROZEN';
const ALL = [...KILLED, ...CUT, ...FUNCTIONS_CUT].map(({ station }) => station).concat(FROZEN);
const SILENT = 'SILENT';

/** Half of what Azure has: so long a site waits for a relay that is gone without a word. */
const LOCK_MS = 15_000;

const linesToServiceBus = new Map<string, CuttableConnection>();
let stations: EnforcedStations;

beforeAll(async () => {
  stations = await EnforcedStations.start([...ALL, SILENT], {
    standbyRelay: true,
    relayProgram: join(import.meta.dirname, '../support/impatient-relay.ts'),
    serviceBus: { lockDurationMs: LOCK_MS },
    async toServiceBus(connectionString, from) {
      const line = await cuttableConnection(Number(/:(\d+);/.exec(connectionString)?.[1]));
      linesToServiceBus.set(from, line);
      return connectionString.replace(/:\d+;/, `:${line.port};`);
    },
  });
});

afterAll(async () => {
  await stations?.[Symbol.asyncDispose]();
  for (const line of linesToServiceBus.values()) await line.close();
});

function atPoints(name: string, ...points: readonly PointName[]) {
  return points.map((point, index) => ({ point, station: `${name}-${index}` }));
}

function lineOf(from: 'functions' | 'relay' | 'standby'): CuttableConnection {
  const line = linesToServiceBus.get(from);
  if (line === undefined) throw new Error(`Nothing lies between Service Bus and ${from}.`);
  return line;
}

/** The relay that became active last. */
function working(): RelayName {
  const active = stations.lines.all.findLast((text) => text.includes('"relay.active"')) ?? '{}';
  return JSON.parse(active).relay;
}

/** Who works when that is over: it may be the same one again. */
function nextActive(): Promise<unknown> {
  return stations.lines.next(({ event }) => event === 'relay.active');
}

/** Does it to the relay that works at that moment: on a busy machine a lock may have been lost a moment ago. */
async function interrupted(
  station: string,
  point: PointName,
  end: (relay: (typeof RELAYS)[RelayName]) => Promise<void> | void,
): Promise<{ readonly was: (typeof RELAYS)[RelayName]; readonly tookOver: Promise<unknown> }> {
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof interrupted>>>();
  await stations.interrupt(station, point, () => {
    const was = RELAYS[working()];
    resolve({ was, tookOver: nextActive() });
    return end(was);
  });
  return promise;
}

describe('of two relays, the one that works', () => {
  test.each(KILLED)('is killed when $point', async ({ point, station }) => {
    const { was, tookOver } = await interrupted(station, point, (relay) => stations.stack.kill(relay));
    await tookOver;
    expect(RELAYS[working()]).not.toBe(was);
    expectProvenOnce(await stations.settled(station, 'quarantine', 1));
    await stations.stack.restart(was);
  });

  test.each(CUT)('has its connection cut when $point', async ({ point, station }) => {
    const { was, tookOver } = await interrupted(station, point, (relay) => lineOf(relay).cut());
    await tookOver;
    lineOf(was).mend();
    expectProvenOnce(await stations.settled(station, 'quarantine', 1));
  });

  test('has a connection that dies without a word while it sends', { timeout: 120_000 }, async () => {
    const { tookOver } = await interrupted(FROZEN, 'the request is sent', (relay) => lineOf(relay).freeze());
    await tookOver;
    expectProvenOnce(await stations.settled(FROZEN, 'quarantine', 1));
  });
});

describe('the functions', () => {
  test.each(FUNCTIONS_CUT)('have their connection cut when $point', async ({ point, station }) => {
    const line = lineOf('functions');
    await stations.interrupt(station, point, line.cut);
    // A poll begins and ends without Service Bus.
    for (let polls = 0; polls < 2; polls++) await stations.lines.next(({ event }) => event === 'poll.run');
    line.mend();
    expectProvenOnce(await stations.settled(station, 'quarantine', 1));
  });
});

describe('after all of it', () => {
  test('every station comes back to normal, and no job is open, lost or there twice', async () => {
    await stations.expectRightOrListed();
    for (const station of ALL) stations.turn(station, 'compliant');
    for (const station of ALL) await stations.settled(station, 'compliant', 2);
    expect(await stations.listJobs('notEnforced=true')).toEqual([]);
    await stations.expectEachProvenOnce(2 * ALL.length);
    await stations.expectRightOrListed();
  });

  test('a station whose switch does not answer is listed as long as it has the wrong answer', {
    timeout: 120_000,
  }, async () => {
    await stations.askSwitch('/behaviour', { coa: 'silent', mac: stations.macOf(SILENT) });
    const noAnswer = stations.lines.next(jobIs('no-answer'));
    stations.turn(SILENT, 'noncompliant');
    await noAnswer;
    const listed = await stations.listJobs('notEnforced=true');
    expect(listed.map(({ device }) => device?.id)).toEqual([stations.stack.tenant?.fleet.get(SILENT).id]);
    await stations.expectRightOrListed();
    await stations.askSwitch('/behaviour', { coa: 'ack', mac: stations.macOf(SILENT) });
    expectProvenOnce(await stations.settled(SILENT, 'quarantine', 1));
    await stations.expectRightOrListed();
  });
});
