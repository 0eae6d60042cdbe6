// The session's lock really lapses: the standby takes over, and the one that lost it sends nothing more.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { aJob, LOCK_MS, lineTo, type RelayFixture, relayFixture } from './relay-fixture.ts';
import { spawnRelay } from './relay-process.ts';

const TAKEOVER_MS = LOCK_MS + 5000;
/** Repeats nothing for as long as a test may take. */
const ONCE = { initialMs: 60_000, maximumMs: 60_000, maximumCount: 1, maximumDurationMs: 60_000, jitter: 0 };
const PATIENT = { initialMs: 100, maximumMs: 100, maximumCount: 0, maximumDurationMs: 60_000, jitter: 0 };

let fixture: RelayFixture;
const ends: (() => Promise<void>)[] = [];

beforeEach(async () => {
  fixture = await relayFixture();
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await fixture[Symbol.asyncDispose]();
});

test('a relay that is stopped in its tracks (SIGSTOP) and woken after the takeover', { timeout: 90_000 }, async () => {
  const first = spawnRelay(fixture);
  ends.push(() => first.close());
  await first.logged('relay.active');
  const { healthPort } = await first.logged('relay.started');
  const second = await fixture.start({ retransmission: ONCE });
  await second.logged('relay.standby');
  const job = aJob('held-1');
  await fixture.send(job);
  await fixture.peer.saw('held-1');
  const stoppedAt = performance.now();
  first.child.kill('SIGSTOP');
  await second.logged('relay.active');
  expect(performance.now() - stoppedAt).toBeLessThan(TAKEOVER_MS);

  // What the first had in hand is done by the second, and reported by the second alone.
  await expect.poll(() => fixture.peer.received.filter((id) => id === 'held-1').length, { timeout: 5000 }).toBe(2);
  fixture.peer.answerHeld();
  expect(await fixture.finished(job)).toMatchObject({ outcome: 'acknowledged' });

  first.child.kill('SIGCONT');
  await first.logged('relay.session-lost');
  await first.logged('relay.standby');
  const health = await (await fetch(`http://127.0.0.1:${healthPort}/healthz`)).json();
  expect(health).toMatchObject({ state: 'standby', jobsUnderWay: 0, jobsWaiting: 0 });
  // One request of each, though the first was to repeat its own long ago.
  expect(fixture.peer.received).toEqual(['held-1', 'held-1']);
  expect(first.lines.filter(({ event }) => event === 'relay.job')).toEqual([]);
  expect(fixture.reports.filter(({ stage }) => stage === 'finished')).toHaveLength(1);
  expect(second.relay.health.state).toBe('active');
  await expect.poll(() => fixture.left(), { timeout: 5000, interval: 20 }).toBe(0);
});

test('a relay whose connection is dead without a word stops before the standby starts', {
  timeout: 90_000,
}, async () => {
  const { line, env } = await lineTo(fixture);
  ends.push(() => line.close());
  const first = await fixture.start({ env, retransmission: PATIENT });
  await first.logged('relay.active');
  const second = await fixture.start();
  await second.logged('relay.standby');
  await fixture.send(aJob('silent'));
  await fixture.peer.saw('silent');
  const underWayAtTakeover = second.logged('relay.active').then(() => first.relay.health.jobsUnderWay);
  const frozenAt = performance.now();
  line.freeze();
  expect(await underWayAtTakeover).toBe(0);
  expect(performance.now() - frozenAt).toBeLessThan(TAKEOVER_MS);
  await first.logged('relay.session-lost');
});
