// The fast lane: a device that asked, and would get a better answer if it were compliant, is read again every minute
// for a while. Its user is probably mending it just now, and waits for the network to notice.

import { type DeviceKey, deviceKeyText } from '../../domain/device/device.ts';
import { addMilliseconds, toInstant } from '../../domain/instant.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DecisionStore } from '../../ports/decision-store.ts';
import type { TaskStore } from '../../ports/task-store.ts';
import { recheckSoon } from './scheduled-reads.ts';

/** The newest ones; as many point reads as a tick makes. */
const MOST_DEVICES = 200;

export interface FastLaneDeps {
  /** Whose devices are read. */
  readonly source: { readonly name: string };
  readonly decisions: DecisionStore;
  readonly tasks: TaskStore;
  readonly clock: Clock;
}

/**
 * Called with every tick, so that a device is due with each of them as long as it is on the lane.
 * @param forMs how long after its last decision a device is read every minute
 * @returns how many devices are on the lane
 */
export async function noteFastLane({ source, decisions, tasks, clock }: FastLaneDeps, forMs: number): Promise<number> {
  const now = toInstant(clock.now());
  const since = addMilliseconds(now, -forMs);
  const page = await decisions.list({ filter: { waiting: true }, sites: 'every', since, limit: MOST_DEVICES });
  const waiting = new Map<string, DeviceKey>();
  for (const { decision } of page.decisions) {
    const { device } = decision;
    // The verdict that keeps it out may be that of another record than the one found.
    const records = device === undefined ? [] : [device, ...(device.joined ?? [])];
    for (const { source: of, id } of records) {
      const key = { source: of, id };
      if (of === source.name) waiting.set(deviceKeyText(key), key);
    }
  }
  await recheckSoon(tasks, [...waiting.values()], now);
  return waiting.size;
}
