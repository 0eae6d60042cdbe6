// What the pages of decisions say.

export const TEXTS = {
  title: 'Decisions',
  lead: 'What stations asked, what they were answered, and why. Newest first.',
  loading: 'Looking …',
  nothing: 'No decision in this time range fits the filters. Widen the range, or take a filter away.',
  time: 'Time',
  answer: 'Answer',
  role: 'Role',
  device: 'Device',
  deviceOrMac: 'Name, id or MAC',
  user: 'User',
  site: 'Site',
  nasAndPort: 'NAS, port or SSID',
  nas: 'NAS',
  port: 'Port or SSID',
  method: 'Method',
  identity: 'Identity',
  assurance: 'Assurance',
  rule: 'Rule',
  policyVersion: 'Policy',
  standing: 'Standing',
  source: 'Source',
  age: 'Age',
  olderThan: 'From, e.g. 4h',
  noDevice: 'no device',
  observed: 'observed',
  override: 'override',
  onlyObserved: 'Only where a rule or a site is observed',
  pause: 'Pause',
  goOn: 'Go on',
  paused: 'Paused: new decisions are not looked for.',
  fresh: (count: number, most: number) =>
    count > most ? `More than ${most} new decisions` : count === 1 ? '1 new decision' : `${count} new decisions`,
  show: 'Show',
  clear: 'Clear filters',
  looked: (shown: number, looked: number) =>
    shown === looked
      ? `${shown.toLocaleString('en')} shown`
      : `${shown.toLocaleString('en')} of ${looked.toLocaleString('en')} looked at`,
  backTo: 'back to',
  all: 'That is all in this time range.',
  lookFurther: 'Look further',
  older: 'Decisions that version 0.1.0 stored are not found by NAS, port, method, identity, assurance or source.',
  lookedFar: 'Not everything in the time range was looked at yet.',
  export: 'Export',
  exportNote: (most: number) =>
    `At most ${most.toLocaleString('en')} decisions, newest first, with times in UTC and in your zone.`,
  exporting: (rows: number) => `Reading for the file: ${rows.toLocaleString('en')} decisions`,
  exported: (rows: number, looked: number, complete: boolean) =>
    complete
      ? `The file holds all ${rows.toLocaleString('en')} decisions.`
      : `The file holds ${rows.toLocaleString('en')} of the newest ${looked.toLocaleString('en')} decisions: an export looks at no more. Narrow the time range for the rest.`,
  stop: 'Stop',
} as const;
