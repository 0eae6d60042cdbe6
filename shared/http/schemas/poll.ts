// The poll as operators see it.

import { always, amount, byName, flag, instant, list, named, object, oneOf, optional, text, whole } from '../schema.ts';
import { REASON } from './common.ts';
import { CODE } from './operations.ts';

const VERDICT = object('What an operator said', { by: text('Who'), at: instant('When'), reason: REASON });

export const HELD_RUN = named(
  'HeldRun',
  object('A run whose changes the breaker holds', {
    runId: text('Id of the run'),
    heldAt: instant('When it was held'),
    changing: whole('What would have changed at its end, earlier runs included'),
    known: whole('Devices of the fleet then'),
    flips: whole('Held devices with another state'),
    absences: whole('Held devices that are not listed any more'),
    digest: text('Equal where a run holds the same devices as before'),
    released: optional(VERDICT),
    refused: optional(VERDICT),
  }),
);

const RUN = object('A run of the sweep that is over', {
  id: text('Id of the run'),
  startedAt: instant('When it began'),
  finishedAt: instant('When it ended'),
  result: oneOf(['complete', 'partial', 'failed'], '`partial`: no absence was concluded; `failed`: given up'),
  slices: whole('Slices of time that it took'),
  pages: whole('Pages read'),
  devices: whole('Devices listed'),
  saved: whole('Records written'),
  rejected: whole('Records that could not be read'),
  countsAbsences: flag('False once a record came without a readable id'),
  failures: whole('Failed attempts in a row'),
  throttled: optional(whole('Answers that asked to slow down')),
  fresh: optional(whole('Devices that were met for the first time')),
  firstLoad: optional(flag('The store was empty when it began')),
  gone: whole('Devices that are not there any more'),
  turned: whole('Devices whose compliance turned'),
  held: whole('Devices that the breaker held'),
  stretch: amount('How many polling intervals lay before the next run'),
});

const FAILURES = whole('Failures in a row');
const RETRY_AT = optional(instant('Not before this it goes on'));

/** Of one source. */
const SOURCE_POLL = {
  lastComplete: optional(
    object('The newest run that saw the whole list', {
      runId: text('Id of the run'),
      startedAt: instant('When it began'),
      devices: whole('Devices listed'),
    }),
  ),
  underWay: optional(
    object('The run that is under way', {
      runId: text('Id of the run'),
      startedAt: instant('When it began'),
      pages: whole('Pages read'),
      devices: whole('Devices listed'),
    }),
  ),
  retryAt: optional(instant('No attempt before this')),
  stretch: amount('How many polling intervals lie between runs now'),
  fleetIndex: optional(
    object('Room of the fleet index', {
      devices: whole('Entries, one a device'),
      percent: amount('How full its fullest part is'),
    }),
  ),
  held: list(HELD_RUN, 'Runs whose changes wait for a person, oldest first'),
  runs: list(RUN, 'The newest 20, newest first'),
  changedDevices: optional(
    object('Between sweeps', {
      watermark: optional(instant('Everything that checked in before this was read')),
      distrustedUntil: optional(instant('The source ignored the filter; not asked again before this')),
      failures: FAILURES,
      notBefore: optional(instant('Not asked again before this')),
    }),
  ),
  noncompliantList: optional(
    object('With the least permission, in place of sweeps', {
      notBefore: optional(instant('Not asked again before this')),
      askedAt: optional(instant('When it was asked for')),
      lastComplete: optional(
        object('The newest that was read whole', { askedAt: instant('When'), listed: whole('Devices on it') }),
      ),
      run: optional(
        object('The list that is being saved', {
          requestedAt: instant('When its first page was asked for'),
          step: oneOf(['pages', 'reads', 'lifts', 'conclusion', 'done'], 'What is being done'),
          at: optional(text('Where the step goes on')),
          pages: whole('Pages read'),
          listed: whole('Devices on them'),
          problems: whole('Records that could not be read'),
          read: whole('Devices that were read one by one'),
        }),
      ),
      failures: FAILURES,
      retryAt: RETRY_AT,
    }),
  ),
  refresh: optional(
    object('With the least permission: the round through devices that have authenticated', {
      round: optional(
        object('The round under way', {
          startedAt: instant('When it began'),
          after: optional(text('Id of the last session that is done')),
          read: whole('Devices read'),
          saved: whole('Records written'),
          absent: whole('Devices that the source does not know'),
          failed: whole('Devices that could not be read'),
          addresses: optional(whole('Addresses without a record that were asked about')),
        }),
      ),
      addressesAfter: optional(text('Id of the last session whose address was asked about')),
      lastComplete: optional(
        object('The newest round', { startedAt: instant('When it began'), read: whole('Devices read') }),
      ),
      failures: FAILURES,
      retryAt: RETRY_AT,
    }),
  ),
  source: optional(text('Its name, unless it is intune')),
  problem: optional(
    object('What keeps the source from being opened', {
      code: CODE,
      message: text('What is wrong'),
      action: text('What to do'),
    }),
  ),
  removed: optional(always(true, 'It is defined no more: its devices are taken away, or held')),
};

export const POLL_STATUS = named(
  'PollStatus',
  object('How the poll is doing: that of the first source', {
    ...SOURCE_POLL,
    otherSources: optional(
      byName(object('How the poll of one source is doing', SOURCE_POLL), 'The polls of all other sources, by name'),
    ),
    sourcesVersion: optional(text('Version of sources.yaml in force; absent where the settings define the sources')),
  }),
);

export const RUN_REQUEST = named(
  'RunRequest',
  object('The run, and why', {
    runId: text('Id of the run, as GET /api/poll shows it', { pattern: '^[a-z0-9-]{1,64}$' }),
    source: optional(
      text('Whose run it is, where several sources hold one of this id', { pattern: '^[a-z][a-z0-9-]{0,39}$' }),
    ),
    reason: REASON,
  }),
);

export const RELEASED = named('Released', object('The next tick applies it', { released: HELD_RUN }));
export const REFUSED = named('Refused', object('It stays held', { refused: HELD_RUN }));
export const SWEEP = named(
  'Sweep',
  object('The next tick begins a sweep, or one is under way', {
    sweep: oneOf(['asked-for', 'under-way'], 'Which of both'),
  }),
);
