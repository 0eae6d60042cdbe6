// What ten people who click cost the lookups: rounds with them and without them take turns, in the same run. Exit code
// 1 where lookups get slower than is wanted.

import { setTimeout as wait } from 'node:timers/promises';
import { measure, median } from './latency.ts';
import { type BenchApp, deviceIdOf, deviceNameOf, lookupBody, lookupSite, macOf } from './lookup-site.ts';

const DEVICES = 20_000;
/** Stations with a session and a decision. */
const STATIONS = 4_000;
const PEOPLE = 10;
/** A page is looked at for so long, milliseconds; a fifth more or less, so that people do not click in step. */
const LOOKED_AT_MS = 3_000;
/** As console/shell/polling.ts asks. */
const OVERVIEW_EVERY_MS = 10_000;
const ROUNDS = 30;
const REQUESTS = 1_500;
const WARM_UP = 4_000;
/** Lookups one after the other: more at once fill the processors, and then each click takes what lookups would. */
const AT_ONCE = 1;
const WANTED = 1.05;

export async function benchConsole(): Promise<void> {
  await using site = await lookupSite({ storage: 'memory', named: true });
  await site.grow(DEVICES);
  const app = await site.startConnector({ ServiceBusConnection: UNUSED_SERVICE_BUS });
  const lookup = (index: number): Promise<void> => app.post('/api/lookup', lookupBody(index % STATIONS));
  await measure(STATIONS, 16, lookup);
  await measure(WARM_UP, 4, lookup);
  const click = clicksOf(app, site.readerKey);
  await measure(WARM_UP / 10, 4, click);

  const rounds: { readonly beside: number; readonly alone: number }[] = [];
  let clicks = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const alone = (): Promise<number> => timed(lookup);
    const beside = async (): Promise<number> => {
      await using people = goInAndClick(click);
      const took = await timed(lookup);
      clicks += people.clicks();
      return took;
    };
    // Each goes first in every other round: a machine that gets slower meanwhile is no fault of either.
    const [first, second] = round % 2 === 0 ? [alone, beside] : [beside, alone];
    const [a, b] = [await first(), await second()];
    rounds.push(round % 2 === 0 ? { alone: a, beside: b } : { beside: a, alone: b });
  }
  const ratio = median(rounds.map((each) => each.beside / each.alone));
  const each = rounds.map((round) => (round.beside / round.alone).toFixed(2)).join(', ');
  print(
    `console: p50 of a lookup beside ${PEOPLE} people who click / alone = ${ratio.toFixed(3)} (wanted: at most ${WANTED}; rounds ${each})`,
  );
  print(
    `         ${median(rounds.map((round) => round.alone)).toFixed(3)} ms alone, ${median(rounds.map((round) => round.beside)).toFixed(3)} ms beside ${clicks} requests of people in ${ROUNDS} rounds`,
  );
  if (ratio > WANTED) process.exitCode = 1;
}

const UNUSED_SERVICE_BUS = 'Endpoint=sb://localhost;SharedAccessKeyName=none;SharedAccessKey=none';

async function timed(lookup: (index: number) => Promise<void>): Promise<number> {
  return (await measure(REQUESTS, AT_ONCE, lookup)).p50Ms;
}

/** The n-th click, through every page; a page asks what it shows. */
function clicksOf(app: BenchApp, key: string): (index: number) => Promise<void> {
  const read = (path: string) => async (): Promise<void> => void (await app.readAs(key, path));
  const find = (text: (index: number) => string) => async (index: number) => {
    const status = await app.sendAs(key, 'POST', '/api/search', JSON.stringify({ q: text(index % STATIONS) }));
    if (status !== 200) throw new Error(`a search was answered with ${status}`);
  };
  const pages: readonly ((index: number) => Promise<void>)[] = [
    read('/api/overview'),
    find(deviceNameOf),
    async (index) => void (await app.readAs(key, `/api/devices/${deviceIdOf(index % STATIONS)}`)),
    read('/api/decisions?limit=50'),
    find(macOf),
    read('/api/sessions?limit=50'),
    read('/api/jobs?limit=100'),
    read('/api/policies'),
    read('/api/policies/hits'),
    read('/api/poll'),
    read('/api/overrides'),
    read('/api/audit'),
    read('/api/clients'),
  ];
  return async (index) => pages[index % pages.length]?.(index);
}

/** People who click and look, each with an overview that asks by itself, until they are let go. */
function goInAndClick(click: (index: number) => Promise<void>): AsyncDisposable & { readonly clicks: () => number } {
  const gone = new AbortController();
  let clicks = 0;
  const every = async (first: number, ms: number, ask: (round: number) => Promise<void>): Promise<void> => {
    for (let round = 0, delay = first; !gone.signal.aborted; round++, delay = ms * (0.8 + 0.4 * Math.random())) {
      const waited = await wait(delay, true, { signal: gone.signal }).catch(() => false);
      if (!waited) return;
      await ask(round);
      clicks += 1;
    }
  };
  const people = Array.from({ length: PEOPLE }, (_, person) => [
    every((person / PEOPLE) * LOOKED_AT_MS, LOOKED_AT_MS, (round) => click(person * 5 + round)),
    every((person / PEOPLE) * OVERVIEW_EVERY_MS, OVERVIEW_EVERY_MS, () => click(0)),
  ]).flat();
  return {
    clicks: () => clicks,
    async [Symbol.asyncDispose]() {
      gone.abort();
      await Promise.all(people);
    },
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
