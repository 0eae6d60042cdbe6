// Liveness, the doctor, the audit, and what a source says of a device that an operator has read.

import { AUDIT_ACTIONS } from '../../domain/audit-entry.ts';
import type { ErrorCode } from '../../errors.ts';
import {
  always,
  either,
  flag,
  instant,
  list,
  named,
  object,
  oneOf,
  optional,
  type Schema,
  text,
  whole,
} from '../schema.ts';
import { COMPLIANCE, NEXT, REASON } from './common.ts';

export const CODE = text('A code of docs/errors.md') as Schema<ErrorCode>;

export const ALIVE = named('Alive', object('The function app answers', { status: always('alive') }));

export const AUDIT_PAGE = named(
  'AuditPage',
  object('Changes that people made, newest first', {
    entries: list(
      object('', {
        at: instant('When'),
        by: text(
          'Name of the client, object id of the person, or the identity that Azure signed in at the command line',
        ),
        byName: optional(text('Name that the person had then, to be read')),
        from: oneOf(['api', 'sign-in', 'command-line'], 'Where it came from'),
        action: oneOf(AUDIT_ACTIONS, 'What was done'),
        target: text('A device, job, run, override, policy version, list or client'),
        site: optional(text('The site that it is about; absent for every site')),
        reason: optional(REASON),
      }),
      '',
    ),
    next: NEXT,
  }),
);

const COUNT = whole('');

export const DOCTOR_REPORT = named(
  'DoctorReport',
  object('Every connection of the functions, tested', {
    at: instant('When'),
    ok: flag('No check failed'),
    counts: object('How many checks ended so', { ok: COUNT, warn: COUNT, failed: COUNT, skipped: COUNT }),
    checks: list(
      object('', {
        name: text('For machines'),
        title: text('For people'),
        status: oneOf(['ok', 'warn', 'failed', 'skipped'], 'What came of it'),
        saw: text('What was seen; of a check that was left out, why'),
        means: optional(text('What it means; with every failed check')),
        action: optional(text('What to do; with every failed check')),
        code: optional(CODE),
        details: optional(list(text(''), 'More lines')),
      }),
      'In the order of dependence',
    ),
  }),
);

const READ_DEVICE = named(
  'ReadDevice',
  either(
    object('The source has the device', {
      read: always('found'),
      compliance: COMPLIANCE,
      asOf: instant('When it was asked'),
    }),
    object('The source does not know it; one such answer alone does not make it gone', {
      read: always('absent'),
      asOf: instant('When it was asked'),
    }),
    object('It was not asked, or did not answer: what is stored stands', {
      read: always('failed'),
      code: text('A code of docs/errors.md'),
      message: text('What happened'),
    }),
  ),
);

export const REFRESHED = named('Refreshed', object('What the source says of the device', { source: READ_DEVICE }));

export const ASKED_FOR_DEVICE = named(
  'AskedForDevice',
  object('What the source says of the device, and the jobs for its stations', {
    source: READ_DEVICE,
    jobs: list(text(''), 'Ids of jobs'),
  }),
);
