// What the search says.

export const FIND_TEXTS = {
  title: 'Find',
  titleOf: (q: string) => `Find ${q}`,
  lead: 'A MAC address in any notation, or its first or last six digits; a user, a device name, a serial number; the id of a device, session, decision or job.',
  ask: 'Type into the box above what you have. The key / leads there.',
  caption: (count: number) => (count === 1 ? 'One hit' : `${count} hits, the surest first`),
  nothing: 'Nothing is known by this. A device that has never asked and is in no source is not known at all.',
  cut: 'There is more than could be looked at.',
  kind: 'Kind',
  what: 'What',
  foundBy: 'Found by',
  state: 'State',
  user: 'User',
  site: 'Site',
  address: 'Address',
  at: 'When',
  only: 'The only hit: opened.',
} as const;
