// CoA jobs as operators see them.

import { JOB_STAGES } from '../../domain/coa/enforcement-job.ts';
import { NAS_PROFILE_NAMES } from '../../domain/nas-profile-name.ts';
import { always, byName, flag, instant, list, named, object, oneOf, optional, text, whole } from '../schema.ts';
import { COMPLETE, DEVICE_KEY, NEXT, OUTCOME } from './common.ts';

const STAGE = oneOf(JOB_STAGES, 'docs/enforcement.md describes the stages');

export const JOB = named(
  'Job',
  object('The intention that a connected station gets another answer, and its life', {
    id: text('Sorts the newest first'),
    site: text('Where the station is'),
    sessionId: text('The session'),
    device: optional(DEVICE_KEY),
    action: oneOf(['reauthenticate', 'disconnect'], 'What is done to the session'),
    urgent: flag('It takes access away, and goes first'),
    reason: text('What made the difference'),
    answered: OUTCOME,
    wanted: optional(OUTCOME),
    session: object('The session as its NAS knows it, in RADIUS attributes', {
      userName: optional(text('User-Name')),
      callingStationId: optional(text('Calling-Station-Id')),
      calledStationId: optional(text('Called-Station-Id')),
      acctSessionId: optional(text('Acct-Session-Id')),
      acctMultiSessionId: optional(text('Acct-Multi-Session-Id')),
      auditSessionId: optional(text("Cisco's audit-session-id")),
      framedIpAddress: optional(text('Framed-IP-Address')),
      nasPort: optional(whole('NAS-Port')),
      nasPortId: optional(text('NAS-Port-Id')),
    }),
    nas: object('The NAS as its packets named it', {
      nasIpAddress: optional(text('NAS-IP-Address')),
      nasIpv6Address: optional(text('NAS-IPv6-Address')),
      nasIdentifier: optional(text('NAS-Identifier')),
      packetSourceIp: optional(text('Address that its packet came from')),
    }),
    decidedAt: instant('When it was decided'),
    expiresAt: instant('After this it is not sent any more'),
    attempt: whole('1 for the first'),
    stage: STAGE,
    nextAttemptAt: optional(instant('When it is sent again')),
    keptClass: optional(text('Accounting carries this Class of an older answer')),
    unproven: optional(always(true, 'No accounting with a Class came within the time that proof may take')),
    outcome: optional(
      oneOf(
        ['acknowledged', 'refused', 'no-answer', 'unknown-nas', 'not-possible', 'expired'],
        'How the latest attempt ended',
      ),
    ),
    errorCause: optional(
      object('Error-Cause of the NAS (RFC 5176 3.5)', { code: whole('Number'), name: text('Name') }),
    ),
    hint: optional(text('What the operator can do')),
    discarded: optional(byName(whole(''), 'Answers that did not count, by reason')),
    relay: optional(text('The relay that reported last')),
    deadLetter: optional(
      object('What the queue said when it gave the message up', {
        attempt: whole('Of which attempt'),
        reason: text('Why'),
        at: instant('When'),
      }),
    ),
    trace: optional(text('W3C traceparent of the decision')),
    profile: optional(oneOf(NAS_PROFILE_NAMES, 'NAS profile that the relay used')),
    resentFrom: optional(text('The job that an operator had sent again as this one')),
    steps: list(
      object('', { stage: STAGE, attempt: whole('Of which attempt'), at: instant('When') }),
      'Its stages, oldest first',
    ),
  }),
);

export const JOB_PAGE = named(
  'JobPage',
  object('Jobs, newest first', {
    jobs: list(JOB, 'A page may be short, or empty, and still have a next'),
    next: NEXT,
    held: optional(
      object('With `notEnforced`, on the first page: live sessions of devices that the breaker holds', {
        sessions: list(
          object('', {
            site: text('Where the station is'),
            sessionId: text('The session'),
            device: DEVICE_KEY,
            runId: text('The run that an operator releases, or refuses'),
            what: oneOf(['flip', 'absence'], '`flip`: another state; `absence`: not listed any more'),
          }),
          '',
        ),
        complete: COMPLETE,
      }),
    ),
  }),
);

export const RESENT_JOB = named(
  'ResentJob',
  object('The job that goes out', { site: text('Its site'), job: text('Its id') }),
);
