// Exactly one relay works: standby, takeover, lost connections, and jobs that come twice.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { aJob, LOCK_MS, lineTo, type RelayFixture, relayFixture, SITE } from './relay-fixture.ts';
import { type RelayProcess, spawnRelay } from './relay-process.ts';

let fixture: RelayFixture;
const ends: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  fixture = await relayFixture();
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await fixture[Symbol.asyncDispose]();
});

function startProcess(): RelayProcess {
  const relay = spawnRelay(fixture);
  ends.push(() => relay.close());
  return relay;
}

async function throughLine() {
  const through = await lineTo(fixture);
  ends.push(() => through.line.close());
  return through;
}

test('two relays: the second stands by and takes over when the first is killed', async () => {
  const first = startProcess();
  await first.logged('relay.active');
  const second = await fixture.start();
  await second.logged('relay.standby');
  const early = aJob('early');
  await fixture.send(early);
  await fixture.finished(early);
  expect(second.log.map(({ event }) => event)).not.toContain('relay.job');
  expect(second.relay.health.state).toBe('standby');

  const job = aJob('silent-at-kill');
  await fixture.send(job);
  await fixture.peer.saw('silent-at-kill');
  const killedAt = performance.now();
  await first.kill('SIGKILL');
  await second.logged('relay.active');
  expect(performance.now() - killedAt).toBeLessThan(LOCK_MS + 5000);
  // What the first had in hand is done by the second.
  expect(await fixture.finished(job)).toMatchObject({ outcome: 'no-answer' });
  await expect.poll(() => fixture.left(), { timeout: 5000, interval: 20 }).toBe(0);
});

test('SIGTERM ends a relay process in good order', async () => {
  const relay = startProcess();
  await relay.logged('relay.active');
  const job = aJob('live-1');
  await fixture.send(job);
  expect(await fixture.finished(job)).toMatchObject({ outcome: 'acknowledged' });
  expect(await relay.kill('SIGTERM')).toBe(0);
  expect(relay.lines.at(-1)).toMatchObject({ event: 'relay.stopped', reportsLost: 0, site: SITE });
});

test('the lock is renewed as long as the relay works', async () => {
  const { relay, log } = await fixture.start();
  const job = aJob('live-1');
  await fixture.send(job);
  await fixture.finished(job);
  const session = () => fixture.client.acceptSession(`coa-${SITE}`, SITE);
  const until = performance.now() + 2 * LOCK_MS;
  // Another one asks again and again, for longer than the lock holds.
  while (performance.now() < until) await expect(session()).rejects.toMatchObject({ code: 'SessionCannotBeLocked' });
  expect(relay.health.state).toBe('active');
  expect(log.map(({ event }) => event)).not.toContain('relay.session-lost');
});

test('a cut connection stops sends at once; the relay comes back and finishes what it left', async () => {
  const { line, env } = await throughLine();
  const { logged, log } = await fixture.start({
    env,
    retransmission: { initialMs: 100, maximumMs: 100, maximumCount: 0, maximumDurationMs: 3000, jitter: 0 },
  });
  await logged('relay.active');
  const job = aJob('silent-at-cut');
  await fixture.send(job);
  await fixture.peer.saw('silent-at-cut');
  line.cut();
  await logged('relay.session-lost');
  const sent = fixture.peer.received.length;
  await logged('relay.unreachable');
  await expect.poll(() => log.filter(({ event }) => event === 'relay.unreachable').length, { timeout: 5000 }).toBe(3);
  // Several of the retransmission waits have passed since.
  expect(fixture.peer.received.length).toBe(sent);
  line.mend();
  expect(await fixture.finished(job)).toMatchObject({ outcome: 'no-answer' });
  await expect.poll(() => fixture.left(), { timeout: 5000, interval: 20 }).toBe(0);
});

test('a job that comes twice is sent once, and both messages are completed', async () => {
  const { logged } = await fixture.start();
  await logged('relay.active');
  const job = aJob('live-twice');
  await fixture.send(job, job);
  expect(await fixture.finished(job)).toMatchObject({ outcome: 'acknowledged' });
  await fixture.send(job);
  await expect.poll(() => fixture.left(), { timeout: 5000, interval: 20 }).toBe(0);
  expect(fixture.peer.received.filter((id) => id === 'live-twice')).toHaveLength(1);
  expect(fixture.reports.map(({ stage }) => stage)).toEqual(['taken', 'sent', 'finished']);
});

test('Service Bus is away at first: the relay starts, says so and connects when it comes', async () => {
  const { line, env } = await throughLine();
  line.cut();
  const { logged, relay } = await fixture.start({ env });
  expect((await logged('relay.unreachable')).fields).toMatchObject({ code: 'NAC_RELAY_SERVICE_BUS' });
  const answer = await fetch(`http://127.0.0.1:${relay.healthPort}/healthz`);
  expect(answer.status).toBe(503);
  await answer.text();
  line.mend();
  await logged('relay.active');
});
