// Sessions as operators see them: the answer given, the one wanted, and what is proven.

import { METHOD_WORDS } from '../../domain/identity/authentication-word.ts';
import { type Described, flag, instant, list, named, object, oneOf, optional, text, whole } from '../schema.ts';
import { DEVICE_KEY, MAC, NAS_LOCATION, NEXT, OUTCOME, STANDING } from './common.ts';

export const PROOFS = ['proven', 'older-answer', 'no-class', 'no-accounting'] as const;

export const SESSION_FIELDS = {
  id: text('Id of the session, twenty hexadecimal digits'),
  site: text('Where the station is'),
  mac: optional(MAC),
  userName: optional(text('User-Name')),
  ...NAS_LOCATION,
  ssids: optional(list(text(''), 'SSIDs')),
  methods: optional(list(oneOf(METHOD_WORDS, ''), 'How the station was authenticated')),
  device: optional(DEVICE_KEY),
  deviceName: optional(text('Name of the device')),
  live: flag('Whether a CoA may reach it'),
  since: optional(instant('When its NAS says that it began')),
  lastSignAt: instant('Its newest sign of life: an answer or an accounting record'),
  answer: object('The answer that was given', {
    decisionId: text('Its decision'),
    decidedAt: instant('When'),
    outcome: OUTCOME,
    rule: text('Rule that decided'),
    policyVersion: text('Version that the rule is of'),
    standing: STANDING,
  }),
  wanted: optional(
    object('The answer that it would get now; absent for a session that is over', {
      outcome: OUTCOME,
      rule: text('Rule that decides now'),
      standing: STANDING,
      override: optional(text('Id of the override that decides in place of policy')),
    }),
  ),
  enforced: optional(flag('Whether the answer given is the one wanted; absent where none is known to be wanted')),
  proof: oneOf(
    PROOFS,
    '`proven`: accounting carries the Class of the answer; `older-answer`: of an older one; `no-class`: of none',
  ),
};

export const SESSION = named('Session', object('A station at a place', SESSION_FIELDS));

export const SESSION_PAGE = named(
  'SessionPage',
  object('Sessions, in the order of their ids', {
    sessions: list(SESSION, 'A page may be short, or empty, and still have a next'),
    next: NEXT,
    lookedAt: whole('Sessions that were looked at for this page'),
  }),
);

export type ShownSession = Described<typeof SESSION>;
export type SessionPage = Described<typeof SESSION_PAGE>;
