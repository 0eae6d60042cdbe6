// Runs the worlds that it is given, and says of each how it went.

import { parentPort, workerData } from 'node:worker_threads';
import { firstFailure, shortestHistory } from './find-failure.ts';

Error.stackTraceLimit = 0;

parentPort?.on('message', async ({ from, count }: { readonly from: number; readonly count: number }) => {
  const outcome = await firstFailure(from, count, (seed) => parentPort?.postMessage({ done: seed }));
  if (outcome === undefined) {
    parentPort?.postMessage('more');
    return;
  }
  const rest = { from: outcome.seed + 1, count: from + count - outcome.seed - 1 };
  parentPort?.postMessage({ failed: workerData.whole ? outcome : await shortestHistory(outcome), rest });
});
