// An address of Microsoft's that takes the question and never answers: a tick of the poll ends in time, and does what
// needs no answer.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ScriptTarget } from '../../../local/intune-tenant/script.ts';
import type { Timer } from '../../../shared/ports/timer.ts';
import { type ConnectorFixture, type FixtureOptions, startConnector } from '../../support/connector-fixture.ts';

const FUNCTION_TIMEOUT_MS = 120_000;
const LEAST_PERMISSION: FixtureOptions = {
  tenant: { roles: { graph: ['Application.Read.All'], intune: ['get_device_compliance'] } },
  env: { INTUNE_PERMISSIONS: 'compliance-only' },
};

interface HandTimer extends Timer {
  /** Lets time pass until the next alarm goes off. */
  ringNext(): void;
}

/** Time that passes only when a test says so. */
function handTimer(): HandTimer {
  let now = 0;
  const alarms = new Map<object, { readonly at: number; readonly ring: () => void }>();
  return {
    elapsed: () => now,
    turn: () => nextTurn(),
    after(milliseconds, ring) {
      const name = {};
      alarms.set(name, { at: now + milliseconds, ring });
      return () => void alarms.delete(name);
    },
    ringNext() {
      const [next] = [...alarms].sort(([, a], [, b]) => a.at - b.at);
      if (next === undefined) throw new Error('nothing waits');
      const [name, { at, ring }] = next;
      alarms.delete(name);
      now = at;
      ring();
    },
  };
}

/** Polls while everything that is asked of the target hangs. @returns what came of it, and how long it waited */
async function pollWhileHanging(
  nac: ConnectorFixture,
  timer: HandTimer,
  target: ScriptTarget,
): Promise<{ readonly kind: string; readonly waitedMs: number }> {
  nac.tenant.script({ target, hang: true, times: 1_000 });
  const from = timer.elapsed();
  let isOver = false;
  const polling = nac.app.poll(FUNCTION_TIMEOUT_MS).finally(() => {
    isOver = true;
  });
  polling.catch(() => undefined);
  for (let hung = 0; !isOver; ) {
    await nextTurn();
    if (nac.tenant.stats().scripted[target] === hung) continue;
    hung += 1;
    timer.ringNext();
  }
  return { kind: (await polling).kind, waitedMs: timer.elapsed() - from };
}

describe('an address that hangs', () => {
  test.each<[ScriptTarget, string]>([
    ['page', 'failed'],
    ['endpoints', 'complete'],
  ])('%s: the tick ends in time', async (target, kind) => {
    const timer = handTimer();
    await using nac = await startConnector({ overrides: { timer } });
    const polled = await pollWhileHanging(nac, timer, target);
    expect(polled.kind).toBe(kind);
    expect(polled.waitedMs).toBeLessThan(FUNCTION_TIMEOUT_MS * 0.75);
  });

  test('of the service that tells noncompliant devices: the tick ends in time', async () => {
    const timer = handTimer();
    await using nac = await startConnector({ ...LEAST_PERMISSION, overrides: { timer } });
    const polled = await pollWhileHanging(nac, timer, 'complianceList');
    expect(polled.kind).toBe('waiting');
    expect(polled.waitedMs).toBeLessThan(FUNCTION_TIMEOUT_MS * 0.75);
    expect(nac.log.find(({ event }) => event === 'noncompliant.failed')?.fields).toMatchObject({
      code: 'NAC_SOURCE_UNREACHABLE',
    });
  });
});
