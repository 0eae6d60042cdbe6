// The bare limits of the poll, measured in a process like the one that polls: the same room for its heap, nothing else
// in it. A message says what to do; the answer is how many seconds it took, or why it came to nothing.

import type { StorageRequest } from '../support/storage-proxy.ts';
import { type BenchTenant, downloadAll } from './bare-download.ts';
import { writeAll } from './bare-writes.ts';

export type BareTask =
  | { readonly download: BenchTenant }
  | { readonly write: readonly StorageRequest[]; readonly connectionString: string };

export type BareAnswer = number | { readonly odd: string };

async function run(task: BareTask): Promise<BareAnswer> {
  try {
    return await ('download' in task ? downloadAll(task.download) : writeAll(task.connectionString, task.write));
  } catch (thrown) {
    return { odd: String(thrown) };
  }
}

process.on('message', async (task: BareTask) => process.send?.(await run(task)));
process.on('disconnect', () => process.exit());
process.send?.('ready');
