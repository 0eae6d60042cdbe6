// The connector in a process of its own at one size: it learns a few devices and sessions by its real flows, the tables
// grow around them, and each thing that happens regularly is done and measured. Tells what it measured, one thing after
// the other.

import { createApp } from '../../shared/app.ts';
import { readSettings } from '../../shared/settings.ts';
import { adjustableClock } from '../support/adjustable-clock.ts';
import { learnPatterns, PATTERN_NAS } from './learn-patterns.ts';
import type { Pattern } from './table-service-process.ts';

export interface Measured {
  readonly what: string;
  /** Sessions, jobs or rows that were worked on. */
  readonly items: number;
  /** Calls of the function until the work was done. */
  readonly rounds: number;
  /** False when it took more calls than are worth waiting for: figures for each item are too low then. */
  readonly finished: boolean;
  readonly requests: number;
  readonly cpuSeconds: number;
  /** Of the slowest call. */
  readonly longestSeconds: number;
}

export type ScaleAnswer =
  | { readonly patterns: readonly Pattern[]; readonly nas: string }
  | { readonly measured: Measured }
  | { readonly peakMiB: number }
  | { readonly requestsPlease: true };

const FUNCTION_TIMEOUT_MS = 120_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MOST_ROUNDS = 40;

const { RADIUS_KEY = '', OPERATOR_KEY = '', DEVICES = '', ...env } = process.env;
const clock = adjustableClock();
/** Events of the call under way, with their fields. */
const logged = new Map<string, Readonly<Record<string, unknown>>>();
const quiet = {
  info: (event: string, fields: Readonly<Record<string, unknown>> = {}) => void logged.set(event, fields),
  warn: () => undefined,
  error: complain,
};
const app = createApp(readSettings(env), { clock, log: quiet });

function complain(event: string, fields: unknown): void {
  process.stderr.write(`${event} ${JSON.stringify(fields)}\n`);
}

/** One message at a time: the parent answers each. */
function tell(answer: ScaleAnswer): Promise<string> {
  const reply = Promise.withResolvers<string>();
  process.once('message', (text: string) => reply.resolve(text));
  process.send?.(answer);
  return reply.promise;
}

/** What the service counted since it was asked last. */
async function requests(): Promise<number> {
  return Number(await tell({ requestsPlease: true }));
}

interface Call {
  /** Items worked on. */
  readonly items: number;
  readonly isLast: boolean;
}

/** @param call the function, once; it is called until that was the last one */
async function measure(what: string, call: () => Promise<Call>): Promise<void> {
  let [items, rounds, counted, cpuSeconds, longestSeconds] = [0, 0, 0, 0, 0];
  let finished = false;
  await requests();
  while (!finished && rounds < MOST_ROUNDS) {
    logged.clear();
    const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()];
    const done = await call();
    const { user, system } = process.cpuUsage(cpuBefore);
    longestSeconds = Math.max(longestSeconds, (performance.now() - startedAt) / 1000);
    counted += await requests();
    cpuSeconds += (user + system) / 1e6;
    rounds += 1;
    items += done.items;
    finished = done.isLast;
  }
  await tell({ measured: { what, items, rounds, finished, requests: counted, cpuSeconds, longestSeconds } });
}

function once(what: string, call: () => Promise<unknown>): Promise<void> {
  return measure(what, async () => {
    await call();
    return { items: 1, isLast: true };
  });
}

const patterns = await learnPatterns(app, RADIUS_KEY, DEVICES.split(','));
await tell({ patterns, nas: PATTERN_NAS });

clock.advance(HOUR_MS);
await app.poll(FUNCTION_TIMEOUT_MS);
await measure('reconciliation', async () => {
  await app.enforce();
  const compared = logged.get('enforcement.compared');
  return { items: Number(compared?.['sessions'] ?? 0), isLast: compared !== undefined };
});
clock.advance(MINUTE_MS);
await once('tick of the poll', () => app.poll(FUNCTION_TIMEOUT_MS));
await once('page of jobs', () => app.jobs(OPERATOR_KEY, []));
await once('page of what is not enforced', () => app.jobs(OPERATOR_KEY, [['notEnforced', 'true']]));
await once('Accounting-On, 500 stations', () =>
  app.accounting(RADIUS_KEY, JSON.stringify({ status: 'Accounting-On', nasIpAddress: '10.1.0.0' })),
);
clock.advance(40 * DAY_MS);
await measure('housekeeping', async () => {
  const removed = await app.purgeExpired();
  return { items: removed.sessions + removed.jobs + removed.decisions, isLast: !logged.has('housekeeping.goes-on') };
});
process.send?.({ peakMiB: process.resourceUsage().maxRSS / 1024 } satisfies ScaleAnswer);
process.on('disconnect', () => process.exit());
