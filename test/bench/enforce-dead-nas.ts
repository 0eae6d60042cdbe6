// A third of the NASes is dead: how long until the stations of all living ones have their new answer, beside the same
// with none dead. In virtual time, with app, outbox and relay as they ship: the half minute that a dead NAS takes costs
// nothing here.

import { enforceTurnedSite } from '../support/virtual-site.ts';

const NASES = 300;
const STATIONS_PER_NAS = [1, 4];
const DEAD_EVERY = 3;

export async function measureDeadNases(print: (line: string) => void): Promise<void> {
  print(`dead NASes: ${NASES} of them at one site, whose stations all turn at once; seconds of virtual time`);
  for (const stationsPerNas of STATIONS_PER_NAS) {
    const site = { nases: NASES, stationsPerNas };
    const alive = await enforceTurnedSite({ ...site, deadEvery: 0 }, DEAD_EVERY);
    const third = await enforceTurnedSite({ ...site, deadEvery: DEAD_EVERY }, DEAD_EVERY);
    for (const [what, { seconds, stations }] of [
      ['none dead', alive],
      ['a third dead', third],
    ] as const) {
      if (seconds.length < stations)
        print(`  odd: ${stations - seconds.length} of ${stations} stations kept their answer`);
      print(
        `  ${stationsPerNas} stations each, ${what}: those of the same ${(NASES * 2) / DEAD_EVERY} NASes, half of them after ${seconds[seconds.length >> 1]?.toFixed(0)} s, all after ${seconds.at(-1)?.toFixed(0)} s`,
      );
    }
    const ratio = (third.seconds.at(-1) ?? Number.NaN) / (alive.seconds.at(-1) ?? Number.NaN);
    print(`  a third dead / none dead = ${ratio.toFixed(2)} of the time (wanted: at most 2.00)`);
  }
}
