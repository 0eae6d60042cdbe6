// Memory of the relay over many jobs: what is in use at each quarter, and whether it is still growing in the second
// half.

import type { EnforcementSite } from './enforcement-site.ts';
import type { MemoryInUse } from './memory-probe.ts';
import { withinTime } from './within-time.ts';

const SAMPLES = 20;
const LONGEST_SAMPLE_MS = 120_000;
const MIB = 1024 * 1024;
/** A job or two without an end are named, and say nothing of memory. */
const MOST_WITHOUT_END = 0.01;

interface Sample extends MemoryInUse {
  readonly jobs: number;
}

export async function measureMemory(site: EnforcementSite, jobs: number, print: (line: string) => void): Promise<void> {
  const relay = site.start('relay with memory probe');
  const step = Math.ceil(jobs / SAMPLES);
  const series: Sample[] = [];
  let open = new Set<string>();
  let reached = Promise.withResolvers<void>();
  site.onReport = ({ jobId, stage }) => {
    if (stage === 'finished' && open.delete(jobId) && open.size === 0) reached.resolve();
  };
  print('memory of the relay, MiB, after garbage collection');
  for (let sample = 1; sample <= SAMPLES; sample++) {
    const target = sample * step;
    reached = Promise.withResolvers();
    open = new Set(site.nextJobIds(step));
    await site.sendJobs(step);
    await withinTime(LONGEST_SAMPLE_MS, 'the relay', Promise.race([reached.promise, relay.failed])).catch((thrown) => {
      if (open.size > step * MOST_WITHOUT_END) throw thrown;
      print(`  odd: ${open.size} of ${step} jobs came to no end: ${thrown.message}`);
    });
    relay.send('memory');
    const inUse = (await withinTime(LONGEST_SAMPLE_MS, 'the probe', relay.message())) as MemoryInUse;
    series.push({ jobs: target, ...inUse });
    if (sample % (SAMPLES / 4) !== 0) continue;
    const [heap, external, resident] = [inUse.heap, inUse.external, inUse.resident].map((octets) => octets / MIB);
    print(
      `  ${target} jobs   heap ${heap?.toFixed(1)}   buffers ${external?.toFixed(1)}   resident ${resident?.toFixed(0)}`,
    );
  }
  await relay.stop();
  const second = series.slice(SAMPLES / 2);
  const slope = (of: (sample: Sample) => number) => `${(per10000(second, of) / MIB).toFixed(2)} MiB`;
  print(
    `  per 10,000 jobs of the second half: heap ${slope(({ heap }) => heap)}, resident ${slope(({ resident }) => resident)}`,
  );
}

/** Slope of the straight line that fits best. */
function per10000(series: readonly Sample[], of: (sample: Sample) => number): number {
  const mean = (value: (sample: Sample) => number) => series.reduce((sum, one) => sum + value(one), 0) / series.length;
  const jobs = mean((one) => one.jobs);
  const octets = mean(of);
  const both = mean((one) => (one.jobs - jobs) * (of(one) - octets));
  return (both / mean((one) => (one.jobs - jobs) ** 2)) * 10_000;
}
