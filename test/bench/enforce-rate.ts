// Rate of jobs through queue, relay, UDP and results, in turns with the bare loop.

import { AT_ONCE, type EnforcementSite } from './enforcement-site.ts';
import { withinTime } from './within-time.ts';

/** Several seconds: of a shorter turn a good part would be spent on compiling what the bare loop does not have. */
const JOBS_PER_TURN = 20_000;
/** Not counted: connections, the first of the compilation. */
const WARM_UP_JOBS = 4000;
const PAIRS = 3;
const LONGEST_TURN_MS = 240_000;
/** A job or two without an end are named, and say nothing of the rate. */
const MOST_WITHOUT_END = 0.01;

export async function measureRates(site: EnforcementSite, print: (line: string) => void): Promise<void> {
  print(`rate: ${JOBS_PER_TURN} jobs a turn after ${WARM_UP_JOBS} to warm up, ${AT_ONCE} at once`);
  const ratios: number[] = [];
  for (let pair = 1; pair <= PAIRS; pair++) {
    const relay = await turn(site, 'relay', print);
    const bare = await turn(site, 'bare loop', print);
    ratios.push(relay / bare);
    print(`  relay ${relay.toFixed(0)}/s   bare loop ${bare.toFixed(0)}/s   ratio ${(relay / bare).toFixed(2)}`);
  }
  const median = ratios.toSorted((one, other) => one - other)[Math.floor(ratios.length / 2)] ?? 0;
  print(`  median ratio ${median.toFixed(2)} (wanted: at least 0.70)`);
}

/** @returns jobs per second */
async function turn(
  site: EnforcementSite,
  what: 'relay' | 'bare loop',
  print: (line: string) => void,
): Promise<number> {
  await site.sendJobs(WARM_UP_JOBS + JOBS_PER_TURN);
  const all = Promise.withResolvers<void>();
  const done = new Set<string>();
  let [warmAt, lastAt] = [0, 0];
  site.onReport = ({ jobId, stage }) => {
    if (stage !== 'finished') return;
    done.add(jobId);
    lastAt = performance.now();
    if (done.size === WARM_UP_JOBS) warmAt = lastAt;
    if (done.size === WARM_UP_JOBS + JOBS_PER_TURN) all.resolve();
  };
  const child = site.start(what);
  try {
    await withinTime(LONGEST_TURN_MS, what, Promise.race([all.promise, child.failed])).catch((thrown) => {
      const without = WARM_UP_JOBS + JOBS_PER_TURN - done.size;
      if (without > JOBS_PER_TURN * MOST_WITHOUT_END) throw thrown;
      print(`  odd: ${without} of ${JOBS_PER_TURN} jobs came to no end: ${thrown.message}`);
    });
    return ((done.size - WARM_UP_JOBS) / (lastAt - warmAt)) * 1000;
  } finally {
    await child.stop();
  }
}
