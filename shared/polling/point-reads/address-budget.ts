// How many addresses without a record a slice asks about: at an open port they can be made up without end, and the
// service may be asked at one pace for all, devices included.

/** Ten seconds at the pace of the service, of a slice that has 24. */
export const MOST_ADDRESSES = 200;

/** So many at most, one site after the other in turn: addresses made up at one leave the others theirs. */
export function inTurnBySite<T>(items: readonly T[], siteOf: (item: T) => string, most: number): readonly T[] {
  if (items.length <= most) return items;
  const bySite = Map.groupBy(items, siteOf);
  const queues = [...bySite.values()];
  const chosen: T[] = [];
  for (let turn = 0; chosen.length < most; turn++) {
    const next = queues.flatMap((queue) => queue.slice(turn, turn + 1));
    chosen.push(...next.slice(0, most - chosen.length));
  }
  return chosen;
}
