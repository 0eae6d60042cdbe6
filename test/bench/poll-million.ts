// A million devices through the sweep, with stores that only count.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startChild } from './child-process.ts';
import { median } from './latency.ts';
import type { MillionReport, MillionRun } from './million-process.ts';

export async function benchMillion(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-bench-'));
  const script = path.join(import.meta.dirname, 'million-process.ts');
  const child = startChild({ script, args: [], logFile: path.join(folder, 'million.log') });
  try {
    const { firstLoad, nothingChanged, peakMiB } = (await child.message()) as MillionReport;
    print(`a million devices, first load: ${described(firstLoad)}`);
    print(`a million devices, nothing changed: ${described(nothingChanged)}`);
    print(`peak memory: ${peakMiB.toFixed(0)} MiB (wanted: at most 1 GB = 953 MiB)`);
  } finally {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function described({ result, counts, perDevice }: MillionRun): string {
  // The first block compiles; flat means that the last ones cost what the second did.
  const [, second = Number.NaN] = perDevice;
  const last = median(perDevice.slice(-3));
  return (
    `${result}, ${counts.devices} rows, ${counts.pointers} pointers, ${counts.read} reads; own time by 100,000 devices ` +
    `${perDevice.map((each) => each.toFixed(1)).join(' ')} µs each, last three / second = ${(last / second).toFixed(2)} (wanted: flat)`
  );
}
