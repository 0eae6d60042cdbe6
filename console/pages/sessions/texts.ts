// What the page of sessions says.

export const TEXTS = {
  title: 'Sessions',
  lead: 'Stations on the network: the answer each was given, the one it would get now, and what accounting proves.',
  reload: 'Read again',
  onlyNotEnforced: 'Only what is not enforced',
  clear: 'Clear filters',
  loading: 'Looking …',
  nothing: 'No session fits the filters.',
  looked: (shown: number, looked: number) =>
    shown === looked
      ? `${shown.toLocaleString('en')} shown`
      : `${shown.toLocaleString('en')} of ${looked.toLocaleString('en')} looked at`,
  all: 'That is all.',
  more: 'There may be more.',
  lookFurther: 'Look further',
} as const;
