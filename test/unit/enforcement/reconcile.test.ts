// The comparison of all sessions over tables in memory on which each call takes five milliseconds: many sessions of
// many sites, more than one round has time for, by processes that are killed on the way.

import { describe, expect, test } from 'vitest';
import { CachedOverrides } from '../../../shared/adapters/memory/cached-overrides.ts';
import { TableIdentityStore } from '../../../shared/adapters/table-storage/table-identity-store.ts';
import { TableJobStore } from '../../../shared/adapters/table-storage/table-job-store.ts';
import { TableOverrideStore } from '../../../shared/adapters/table-storage/table-override-store.ts';
import { TableSessionStore } from '../../../shared/adapters/table-storage/table-session-store.ts';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import type { Tables } from '../../../shared/adapters/table-storage/tables.ts';
import { readPolicy } from '../../../shared/adapters/yaml/read-policy.ts';
import { SHARDS } from '../../../shared/domain/device/device.ts';
import type { PresentedIdentities } from '../../../shared/domain/identity/presented-identities.ts';
import { toInstant } from '../../../shared/domain/instant.ts';
import type { Decision } from '../../../shared/domain/policy/decision.ts';
import { Enforcer } from '../../../shared/enforcement/enforce.ts';
import { decideAgain } from '../../../shared/lookup/decide-again.ts';
import { seededRandom } from '../../simulation/seeded-random.ts';
import { aDecision, aSession, NORMAL, QUARANTINE } from '../../support/a-session.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { recordsOf } from '../../support/records-of.ts';
import { type SlowTables, slowTables } from '../../support/slow-tables.ts';

const STARTED_AT = Date.parse('2026-11-20T10:00:00.000Z');
const CALL_MS = 5;
const SESSIONS_PER_SHARD = 250;
const SESSIONS = SESSIONS_PER_SHARD * SHARDS.length;
const SITES = 500;
/** One in so many has an answer that policy does not give. */
const TURNED_EVERY = 25;
/** One after the other the comparisons alone would take 20 s. */
const FUNCTION_TIMEOUT_MS = 2_000;
const POLICY = readPolicy(
  `
roles: { compliant: { vlan: 10 }, quarantine: { vlan: 666 } }
rules:
  - { name: compliant, when: { compliance: compliant }, permit: compliant }
  - { name: rest, permit: quarantine }
`,
  { version: '1' },
);

/** None of the devices is stored, so policy says quarantine to every session. */
async function fill(slow: SlowTables): Promise<void> {
  const sessions = new TableSessionStore(slow.atOnce.sessions, { clock: slow.clock });
  for (const [of, shard] of SHARDS.entries()) {
    for (let index = 0; index < SESSIONS_PER_SHARD; index++) {
      const number = of * SESSIONS_PER_SHARD + index;
      const id = shard + String(index).padStart(19, '0');
      const deviceId = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
      const presented: PresentedIdentities = {
        authenticated: true,
        problems: [],
        identities: [{ kind: 'deviceId', value: deviceId, assurance: 'certificate-guid', origin: 'SAN-URI' }],
      };
      const given: Partial<Decision> =
        number % TURNED_EVERY === 0 ? { outcome: NORMAL } : { outcome: QUARANTINE, standing: 'notEnrolled' };
      const { device: _, ...decision } = aDecision({ id: `${id}-m1x2y3`, ...given });
      await sessions.writeDecision(aSession({ id, site: `site-${number % SITES}`, presented, decision }));
    }
  }
}

function aProcess(slow: SlowTables, tables: Tables, name: string) {
  const { clock } = slow;
  const { logger: log, entries } = collectingLogger();
  const now = toInstant(clock.now());
  const policies = {
    current: async () => ({ policy: POLICY, outgoing: [], since: '', readAt: now }) as const,
  };
  const sweepStatus = { lastCompleteStartedAt: async () => now };
  const overrideStore = new TableOverrideStore(tables.policies);
  const overrides = new CachedOverrides({
    store: overrideStore,
    clock,
    log,
    withinMs: { first: 10_000, again: 5_000 },
  });
  const deciding = {
    overrides,
    records: recordsOf(tables),
    policies,
    sweepStatus,
    maxCheckInAgeMs: 30 * 24 * 3_600_000,
    sourceReachableMs: () => 3_600_000,
    clock,
  };
  const enforcer = new Enforcer(
    {
      sessions: new TableSessionStore(tables.sessions, { clock, log }),
      jobs: new TableJobStore(tables, log),
      tasks: new TableTaskStore(tables.polling),
      queue: { send: async () => undefined, takeDeadLetters: async () => undefined },
      fleetStatus: { newestRunStartedAt: async () => now },
      policies,
      sourcesSettledSince: async () => '',
      overrides,
      overrideStore,
      identities: new TableIdentityStore(tables.identities),
      siteKeys: async () => [],
      siteKeyOf: async (site) => site.padEnd(64, '0'),
      decideAgain: (session) => decideAgain(deciding, session),
      clock,
      random: seededRandom(1, name),
      log,
    },
    { inFlightPerSite: 20, compareEveryMs: 7_200_000 },
  );
  return { enforcer, isCompared: () => entries.some(({ event }) => event === 'enforcement.compared') };
}

async function jobsOf(slow: SlowTables): Promise<readonly string[]> {
  const jobs = await Array.fromAsync(new TableJobStore(slow.atOnce).list({ sites: 'every' }));
  return jobs.map(({ sessionId }) => sessionId);
}

describe(`${SESSIONS} sessions of ${SITES} sites`, () => {
  test('are all compared, some rounds long, none of them longer than 60 % of its function, several at once', async () => {
    const slow = slowTables(STARTED_AT, CALL_MS);
    await fill(slow);
    const { enforcer, isCompared } = aProcess(slow, slow.tables, 'one');
    const took: number[] = [];
    while (!isCompared() && took.length < 50) {
      took.push((await slow.run(() => enforcer.round(FUNCTION_TIMEOUT_MS))).tookMs);
    }
    const jobs = await jobsOf(slow);
    expect(new Set(jobs).size).toBe(SESSIONS / TURNED_EVERY);
    expect(jobs).toHaveLength(SESSIONS / TURNED_EVERY);
    expect(took.length).toBeGreaterThan(1);
    expect(Math.max(...took)).toBeLessThanOrEqual(0.6 * FUNCTION_TIMEOUT_MS);
    expect(took.reduce((sum, ms) => sum + ms, 0)).toBeLessThan((SESSIONS * CALL_MS) / 3);
    // A read of the device for each session, a look at the restarts of each site, and one more where jobs are due; the
    // rest is for pages, notes and jobs.
    expect(slow.calls.get('devices.getEntity')).toBeLessThan(1.2 * SESSIONS);
    expect(slow.calls.get('sessions.listEntities')).toBeLessThan(SITES + SESSIONS / TURNED_EVERY + SESSIONS / 40);
  });

  test('are compared by processes that are all killed in the middle of a round: each goes on where the one before was', async () => {
    const slow = slowTables(STARTED_AT, CALL_MS);
    await fill(slow);
    let processes = 0;
    const failures: unknown[] = [];
    for (let isCompared = false; !isCompared && processes < 60; processes++) {
      const killedAt = slow.time.now + 700;
      const one = aProcess(
        slow,
        slow.openUntil(() => killedAt),
        `process ${processes}`,
      );
      one.enforcer.round(FUNCTION_TIMEOUT_MS).catch((thrown) => failures.push(thrown));
      await slow.time.runUntil(killedAt);
      isCompared = one.isCompared();
      // Until the lease of the one that was killed is over.
      await slow.time.runUntil(slow.time.now + 1.5 * FUNCTION_TIMEOUT_MS);
    }
    expect(failures).toEqual([]);
    expect(processes).toBeLessThan(60);
    expect(new Set(await jobsOf(slow)).size).toBe(SESSIONS / TURNED_EVERY);
    // No more than a page is done twice for each kill.
    expect(slow.calls.get('devices.getEntity')).toBeLessThan(2.5 * SESSIONS);
  });
});
