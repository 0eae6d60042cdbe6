// What is looked for stands behind the # of the address: it is a name or an address, and no server sees it there.

export const FIND_FILTERS = { open: [], personal: ['q'] } as const;

/** @param q as it was typed */
export function findAddress(q: string): string {
  return `/console/find#${new URLSearchParams({ q })}`;
}
