// `npm run simulate`: runs many worlds, or shows one.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { report, shortestHistory } from './find-failure.ts';
import { historyOfSeed, type Outcome, runWorld } from './run-world.ts';

const USAGE = `Usage: npm run simulate -- [--seeds 300] [--from 1] [--workers 1] [--go-on]
       npm run simulate -- --seed <n> [--shortest] [--trace]

  --seeds     how many worlds; it prints where it stands, so that a range can be resumed with --from
  --workers   processors to use, at most ${availableParallelism()} here
  --go-on     past failures, each with its shortest history
  --whole     does not look for the shortest history of a failure
  --undo      undoes a mend in a copy of the product and looks for its fault there (test/simulation/undone)
  --seed      one world; --shortest leaves out all events that the failure does not need, --trace prints what happens`;

/** Seeds that a worker takes at once, and shares of its life. */
const SHARE = 25;
const SHARES_OF_A_WORKER = 200;
/** Worlds are many short-lived objects: with little room for these they are cleared away again and again. */
const YOUNG_OBJECTS_MB = 64;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '300' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: '1' },
    seed: { type: 'string' },
    shortest: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    'go-on': { type: 'boolean', default: false },
    undo: { type: 'string' },
    whole: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
// Errors are made by the thousand, and their places are never read.
if (!values.trace) Error.stackTraceLimit = 0;

if (values.help) console.log(USAGE);
else if (values.undo !== undefined) await findUndone(values.undo);
else if (values.seed !== undefined) await showOne(Number(values.seed));
else await runMany(Number(values.from), Number(values.seeds), Number(values.workers));

async function findUndone(name: string): Promise<void> {
  const { simulateUndone } = await import('./undone/undo.ts');
  const { seeds, from } = values;
  process.exitCode = await simulateUndone(name, ['--seeds', seeds, '--from', from, '--whole']);
}

async function showOne(seed: number): Promise<void> {
  const whole = await runWorld(seed);
  const failed = whole.failures.length > 0;
  const outcome = failed && values.shortest ? await shortestHistory(whole) : whole;
  if (values.trace) await runWorld(seed, failed && values.shortest ? outcome.events : historyOfSeed(seed), console.log);
  console.log(failed ? report(outcome) : `seed ${seed} holds: ${whole.events.length} events`);
  process.exitCode = failed ? 1 : 0;
}

async function runMany(from: number, count: number, workers: number): Promise<void> {
  const startedAt = performance.now();
  const end = from + count;
  let next = from;
  let done = 0;
  let failed = 0;
  const takeShare = (): { from: number; count: number } | undefined => {
    if (next >= end || (failed > 0 && !values['go-on'])) return undefined;
    const share = { from: next, count: Math.min(SHARE, end - next) };
    next += share.count;
    return share;
  };
  const onDone = (upTo: number): void => {
    done += 1;
    if (done % 100 !== 0) return;
    const rate = (done / ((performance.now() - startedAt) / 1000)).toFixed(1);
    console.log(`${done} worlds, ${rate} a second, ${failed} failed; up to ${upTo}: to go on --from ${upTo + 1}`);
  };
  const onFailure = (outcome: Outcome): void => {
    failed += 1;
    console.log(report(outcome));
  };
  const workOn = async (): Promise<void> => {
    while (next < end && (failed === 0 || values['go-on'])) await work(takeShare, onDone, onFailure);
  };
  await Promise.all(Array.from({ length: workers }, workOn));
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`${done + failed} worlds from seed ${from} in ${seconds.toFixed(0)} s: ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

/** In a thread of its own where there are several, since a world never waits for anything real. */
function work(
  takeShare: () => { from: number; count: number } | undefined,
  onDone: (seed: number) => void,
  onFailure: (outcome: Outcome) => void,
): Promise<void> {
  const workerData = { whole: values.whole };
  const worker = new Worker(new URL('./simulate-worker.ts', import.meta.url), {
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_OBJECTS_MB },
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let shares = 0;
  const give = (): void => {
    const share = shares < SHARES_OF_A_WORKER ? takeShare() : undefined;
    shares += 1;
    if (share === undefined) void worker.terminate().then(() => resolve(), reject);
    else worker.postMessage(share);
  };
  worker.on(
    'message',
    (message: { done: number } | { failed: Outcome; rest: { from: number; count: number } } | 'more') => {
      if (message === 'more') return give();
      if ('done' in message) return onDone(message.done);
      onFailure(message.failed);
      if (values['go-on'] && message.rest.count > 0) worker.postMessage(message.rest);
      else give();
    },
  );
  worker.on('error', reject);
  give();
  return promise;
}
