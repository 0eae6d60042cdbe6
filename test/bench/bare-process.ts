// The bare limits of the poll, measured in a process like the one that polls: the same room for its heap, nothing else in it.
// A message says what to do; the answer is how many seconds it took.

import type { StorageRequest } from '../support/storage-proxy.ts';
import { type BenchTenant, downloadAll } from './bare-download.ts';
import { writeAll } from './bare-writes.ts';

export type BareTask =
  | { readonly download: BenchTenant }
  | { readonly write: readonly StorageRequest[]; readonly connectionString: string };

async function run(task: BareTask): Promise<number> {
  return 'download' in task ? downloadAll(task.download) : writeAll(task.connectionString, task.write);
}

process.on('message', async (task: BareTask) => process.send?.(await run(task)));
process.on('disconnect', () => process.exit());
process.send?.('ready');
