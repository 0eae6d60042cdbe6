// The connector in a process of its own at one size: it learns a few devices and sessions by its real flows, the tables grow
// around them, and each thing that happens regularly is done and measured. Tells what it measured, one thing after the other.

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
/** A round with fewer requests found nothing to do. */
const IDLE_REQUESTS = 120;
/** Enough to see what a call costs where there is much to do. */
const MOST_ROUNDS = 12;

const { RADIUS_KEY = '', OPERATOR_KEY = '', DEVICES = '', ...env } = process.env;
const clock = adjustableClock();
const quiet = { info: () => undefined, warn: () => undefined, error: complain };
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

/** @param round one call of the function @returns whether there is more to do */
async function measure(what: string, items: number, round: () => Promise<number | undefined>): Promise<void> {
  let [counted, rounds, cpuSeconds, longestSeconds, done] = [0, 0, 0, 0, 0];
  await requests();
  while (rounds < MOST_ROUNDS) {
    const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()];
    const result = await round();
    const { user, system } = process.cpuUsage(cpuBefore);
    const now = await requests();
    // A call that only looks whether something is due closes the work.
    if (result !== undefined && rounds > 0 && result === 0 && now < IDLE_REQUESTS) break;
    rounds += 1;
    counted += now;
    cpuSeconds += (user + system) / 1e6;
    longestSeconds = Math.max(longestSeconds, (performance.now() - startedAt) / 1000);
    done += result ?? 0;
    if (result === undefined) break;
  }
  const measured = { what, items: items > 0 ? items : done, rounds, requests: counted, cpuSeconds, longestSeconds };
  await tell({ measured });
}

const patterns = await learnPatterns(app, RADIUS_KEY, DEVICES.split(','));
const { sessions } = JSON.parse(await tell({ patterns, nas: PATTERN_NAS })) as { readonly sessions: number };

clock.advance(HOUR_MS);
await app.poll(FUNCTION_TIMEOUT_MS);
await measure('reconciliation', sessions, async () => {
  const { decided } = await app.enforce();
  return decided;
});
clock.advance(MINUTE_MS);
await measure('tick of the poll', 1, async () => void (await app.poll(FUNCTION_TIMEOUT_MS)));
await measure('page of jobs', 1, async () => void (await app.jobs(OPERATOR_KEY, [])));
await measure(
  'page of what is not enforced',
  1,
  async () => void (await app.jobs(OPERATOR_KEY, [['notEnforced', 'true']])),
);
await measure('Accounting-On, 500 stations', 1, async () => {
  await app.accounting(RADIUS_KEY, JSON.stringify({ status: 'Accounting-On', nasIpAddress: '10.1.0.0' }));
  return undefined;
});
clock.advance(40 * DAY_MS);
await measure('housekeeping', 0, async () => {
  const removed = await app.keepHouse();
  return removed.sessions + removed.jobs + removed.decisions;
});
process.send?.({ peakMiB: process.resourceUsage().maxRSS / 1024 } satisfies ScaleAnswer);
process.on('disconnect', () => process.exit());
