// A third of a site's NASes is dead: how long the stations of the living ones wait for their CoA, in virtual time, with
// app, outbox and relay as they ship.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Enforced } from '../../support/virtual-site.ts';

const DEAD_EVERY = 3;
const PROCESS = new URL('../../support/virtual-site-process.ts', import.meta.url).pathname;

test.for([
  { nases: 300, stationsPerNas: 1 },
  { nases: 60, stationsPerNas: 4 },
])(
  'a third of $nases NASes, $stationsPerNas stations each, is dead: the others are enforced in at most twice the time',
  {
    timeout: 120_000,
  },
  async ({ nases, stationsPerNas }) => {
    const enforced = async (deadEvery: number): Promise<Enforced> => {
      const options = [nases, stationsPerNas, deadEvery, DEAD_EVERY].map(String);
      const { stdout } = await promisify(execFile)(process.execPath, [PROCESS, ...options]);
      return JSON.parse(stdout);
    };
    const [alive, third] = [await enforced(0), await enforced(DEAD_EVERY)];
    expect(alive.seconds).toHaveLength((nases * stationsPerNas * 2) / 3);
    expect(third.seconds).toHaveLength(alive.seconds.length);
    expect(third.seconds.at(-1)).toBeLessThanOrEqual(2 * (alive.seconds.at(-1) ?? 0));
  },
);
