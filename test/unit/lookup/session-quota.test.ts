// What one client may bring: new sessions, and those of stations at an open port. A flood is one line in ten seconds,
// with the number of stations that it stands for.

import { describe, expect, test } from 'vitest';
import { TableSessionStore } from '../../../shared/adapters/table-storage/table-session-store.ts';
import { boundSessions, newSessionLimits, unknownStationLimits } from '../../../shared/lookup/session-quota.ts';
import { walkSessions } from '../../../shared/walk-sessions.ts';
import { aDevice, DEVICE_ID } from '../../support/a-device.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { type LookupInMemory, lookupInMemory } from '../../support/lookup-in-memory.ts';

test('a flood costs one line in ten seconds for each client, which says how many stations it stands for', () => {
  const { logger, entries } = collectingLogger();
  let now = Date.UTC(2026, 10, 30);
  let counted = 0;
  const metrics = {
    count: (_name: string, by = 1): void => {
      counted += by;
    },
  };
  const telling = { clock: { now: () => new Date(now) }, metrics, log: logger };
  const stations = boundSessions('lookup.unknown-stations-limited', unknownStationLimits(60), telling);
  const kept = { a: 0, b: 0 };
  for (let millisecond = 0; millisecond < 30_000; millisecond += 10) {
    for (const client of ['a', 'b'] as const) kept[client] += Number(stations.take(client));
    now += 10;
  }
  expect(kept).toEqual({ a: 89, b: 89 });
  const ofA = entries.filter(({ fields }) => fields['client'] === 'a');
  expect(ofA.map(({ event }) => event)).toEqual(Array(3).fill('lookup.unknown-stations-limited'));
  expect(entries.length).toBe(6);
  const logged = entries.reduce((sum, { fields }) => sum + Number(fields['stations']), 0);
  expect(counted).toBe(logged);
  expect(logged).toBeGreaterThan(2 * 1_900);
});

describe('new sessions of one client', () => {
  const mac = (number: number): string => `a4bb6d00${number.toString(16).padStart(4, '0')}`;
  const questions: Record<string, (number: number) => object> = {
    'MAB that leads to no device': (number) => ({
      method: 'mab',
      userName: mac(number),
      callingStationId: mac(number),
    }),
    'a password that leads to no device': (number) => ({
      method: 'site',
      userName: 'eve',
      callingStationId: mac(number),
    }),
    'a certificate of one device at many stations': (number) => ({
      method: 'eap-tls',
      callingStationId: mac(number),
      certificate: { sanUri: [`IntuneDeviceId://${DEVICE_ID}`] },
    }),
    'nothing that is authenticated': (number) => ({ method: 'none', callingStationId: mac(number) }),
    'one device at many places': (number) => ({
      method: 'eap-tls',
      callingStationId: mac(1),
      nasIpAddress: `10.1.${number >> 8}.${number & 255}`,
      certificate: { sanUri: [`IntuneDeviceId://${DEVICE_ID}`] },
    }),
  };

  async function sessionsOf({ tables }: LookupInMemory): Promise<number> {
    const sessions = await Array.fromAsync(walkSessions(new TableSessionStore(tables.sessions)));
    return sessions.length;
  }

  test.each(Object.keys(questions))('are bounded for %s; the rest is answered, for minutes', async (kind) => {
    const connector = await lookupInMemory({ NEW_SESSIONS_PER_MINUTE: '1', UNKNOWN_STATIONS_PER_MINUTE: '1000' });
    await connector.store(aDevice({ lastSyncAt: connector.clock.now().toISOString() }));
    const answers = [];
    for (let number = 0; number < 50; number++) answers.push(await connector.ask(questions[kind]?.(number) ?? {}));
    expect(await sessionsOf(connector)).toBe(newSessionLimits(1).capacity);
    const outcomes = new Set(answers.map(({ decision }) => JSON.stringify(decision.outcome)));
    expect(outcomes.size).toBe(1);
    for (const { sessionTimeoutSeconds } of answers.slice(30)) expect(sessionTimeoutSeconds).toBeLessThanOrEqual(300);
    // Stations that are known go on as before.
    const again = await connector.ask(questions[kind]?.(0) ?? {});
    expect(again.decision.id).toBe(answers[0]?.decision.id);
    expect(connector.lines.map(({ event }) => event)).toContain('lookup.new-sessions-limited');
  });
});
