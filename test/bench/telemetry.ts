// What telemetry adds to a warm lookup: the connector without a collector and the one that sends to a collector over
// OTLP take turns, on one storage, in the same run.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startChild } from './child-process.ts';
import { type Latency, measure, median } from './latency.ts';
import { type BenchApp, lookupBody, lookupSite } from './lookup-site.ts';

/** As in the lookup bench: it takes about ten rounds until everything is compiled. */
const WARM_UP_ROUNDS = 10;
const ROUNDS = 20;
const REQUESTS = 1500;
const AT_ONCE = 16;
const STATIONS = 50;
/** Thirty times as often as by default, so that exports fall into the rounds. */
const EXPORT_INTERVAL_MS = 10_000;

interface Sample extends Latency {
  readonly processorSeconds: number;
}

export async function benchTelemetry(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await lookupSite());
  await site.grow(1000);
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const script = path.join(import.meta.dirname, 'collector-process.ts');
  const collector = startChild({ script, args: [], logFile: path.join(folder, 'collector.log') });
  stack.defer(() => collector.stop());
  const { url } = (await collector.message()) as { url: string };
  const silent = site.connector;
  const telling = await site.startConnector({
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_METRIC_EXPORT_INTERVAL: String(EXPORT_INTERVAL_MS),
  });

  for (let round = 0; round < WARM_UP_ROUNDS; round++) for (const app of [silent, telling]) await ask(app);
  const rounds: { readonly silent: Sample; readonly telling: Sample }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // Who comes second has the fuller storage process before it: they take turns in that, too.
    if (round % 2 === 0) rounds.push({ silent: await ask(silent), telling: await ask(telling) });
    else {
      const first = await ask(telling);
      rounds.push({ silent: await ask(silent), telling: first });
    }
  }

  const ratio = (of: (sample: Sample) => number): number =>
    median(rounds.map((round) => of(round.telling) / of(round.silent)));
  const p50 = ratio(({ p50Ms }) => p50Ms);
  const p99 = ratio(({ p99Ms }) => p99Ms);
  const rate = ratio(({ perSecond }) => perSecond);
  const processor = ratio(({ processorSeconds }) => processorSeconds);
  print(
    `telemetry: a warm lookup with a collector / without = ${p50.toFixed(3)} at p50 (wanted: at most 1.05), ${p99.toFixed(3)} at p99`,
  );
  print(`      ${rate.toFixed(3)} of its rate, ${processor.toFixed(3)} of the processor time of the app's process`);
  print(`      median of ${ROUNDS} pairs of rounds, ${REQUESTS} lookups each, ${AT_ONCE} at once`);
  collector.send('heard?');
  const { heard } = (await collector.message()) as { heard: number };
  print(
    `      the collector has heard of ${heard} lookups of ${(WARM_UP_ROUNDS + ROUNDS) * REQUESTS}; it lags an export behind`,
  );
}

/** The same stations ask again: no write, one point read. */
async function ask(app: BenchApp): Promise<Sample> {
  const before = app.processorSeconds();
  const latency = await measure(REQUESTS, AT_ONCE, (index) => app.post('/api/lookup', lookupBody(index % STATIONS)));
  return { ...latency, processorSeconds: app.processorSeconds() - before };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
