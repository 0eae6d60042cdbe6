// What the page of jobs says.

export const TEXTS = {
  title: 'Jobs',
  lead: 'Each job is the intention that a connected station gets another answer. Newest first.',
  reload: 'Read again',
  onlyNotEnforced: 'Only what is decided and not enforced',
  clear: 'Clear filters',
  loading: 'Looking …',
  nothing: 'No job in this time range fits the filters.',
  held: (count: number, complete: boolean) =>
    `${complete ? '' : 'At least '}${count} sessions belong to devices that the breaker holds: no job is made for them before an administrator releases the run.`,
  toHeldRuns: 'To the held runs',
  looked: (shown: number, looked: number) =>
    shown === looked
      ? `${shown.toLocaleString('en')} shown`
      : `${shown.toLocaleString('en')} of ${looked.toLocaleString('en')} looked at`,
  backTo: 'back to',
  all: 'That is all in this time range.',
  more: 'There may be more.',
  lookFurther: 'Look further',
  resend: 'Resend',
  resendTitle: 'Send the job again?',
  resent: 'The job goes out again.',
  resendConsequence: (action: string, nas: string) => `The relay asks ${nas} once more to ${action} the station.`,
  close: 'Close',
  notFound: 'No job of this id is kept at this site. Jobs that ended are removed after JOB_HISTORY.',
} as const;
