// Memory of the relay over many jobs: a short series, and its slope.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { EnforcementSite } from './enforcement-site.ts';
import { withinTime } from './within-time.ts';

const SAMPLES = 20;
const LONGEST_SAMPLE_MS = 120_000;

interface Sample {
  readonly jobs: number;
  readonly mib: number;
}

export async function measureMemory(site: EnforcementSite, jobs: number, print: (line: string) => void): Promise<void> {
  const relay = site.start('relay');
  const step = Math.ceil(jobs / SAMPLES);
  const series: Sample[] = [];
  let finished = 0;
  let target = 0;
  let reached = Promise.withResolvers<void>();
  site.onReport = ({ stage }) => {
    if (stage === 'finished' && ++finished === target) reached.resolve();
  };
  for (let sample = 1; sample <= SAMPLES; sample++) {
    target = sample * step;
    reached = Promise.withResolvers();
    await site.sendJobs(step);
    await withinTime(LONGEST_SAMPLE_MS, 'the relay', Promise.race([reached.promise, relay.failed]));
    series.push({ jobs: target, mib: await residentMib(relay.pid) });
  }
  await relay.stop();
  print(`memory: RSS of the relay in MiB after each ${step} jobs`);
  print(`  ${series.map(({ mib }) => mib.toFixed(0)).join(' ')}`);
  const second = series.slice(SAMPLES / 2);
  print(
    `  slope ${per10000(series).toFixed(2)} MiB per 10,000 jobs; of the second half ${per10000(second).toFixed(2)}`,
  );
}

async function residentMib(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout) / 1024;
}

/** Of the straight line that fits best. */
function per10000(series: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) => series.reduce((sum, one) => sum + of(one), 0) / series.length;
  const jobs = mean((one) => one.jobs);
  const mib = mean((one) => one.mib);
  const both = mean((one) => (one.jobs - jobs) * (one.mib - mib));
  return (both / mean((one) => (one.jobs - jobs) ** 2)) * 10_000;
}
