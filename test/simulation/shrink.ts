// The shortest history that still fails: events are left out, many at once and then fewer, as long as the failure stays
// (delta debugging, Zeller and Hildebrandt 2002).

import type { SimEvent } from './events.ts';

/** @param fails whether a history of these events still fails */
export async function shrink(
  events: readonly SimEvent[],
  fails: (events: readonly SimEvent[]) => Promise<boolean>,
): Promise<readonly SimEvent[]> {
  let left = events;
  for (let size = Math.ceil(left.length / 2); size >= 1; ) {
    let removedAny = false;
    for (let start = left.length - size; start > -size; start -= size) {
      const shorter = [...left.slice(0, Math.max(0, start)), ...left.slice(start + size)];
      if (shorter.length === left.length || !(await fails(shorter))) continue;
      left = shorter;
      removedAny = true;
    }
    if (size === 1 && !removedAny) break;
    if (size > 1) size = Math.ceil(size / 2);
  }
  return left;
}
