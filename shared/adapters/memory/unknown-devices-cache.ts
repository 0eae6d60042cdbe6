// Device ids that Intune did not know, for ten minutes: a stray certificate that asks all the time costs one question.

import { LRUCache } from 'lru-cache';
import type { UnknownDevices } from '../../ports/unknown-devices.ts';

const REMEMBERED_MS = 10 * 60_000;
const MOST_IDS = 50_000;

export function createUnknownDevicesCache(most = MOST_IDS): UnknownDevices {
  const until = new LRUCache<string, number>({ max: most });
  return {
    has: (id, nowMs) => (until.get(id) ?? Number.NEGATIVE_INFINITY) > nowMs,
    add: (id, nowMs) => void until.set(id, nowMs + REMEMBERED_MS),
  };
}
