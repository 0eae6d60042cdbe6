// Decisions as operators see them.

import { COUNTS_BECAUSE } from '../../domain/device/joined-records.ts';
import { METHOD_WORDS } from '../../domain/identity/authentication-word.ts';
import { CONTRADICTIONS } from '../../domain/identity/presented-identities.ts';
import type { DeviceFacts } from '../../domain/policy/policy-facts.ts';
import { always, byName, either, flag, instant, list, named, object, oneOf, optional, text, whole } from '../schema.ts';
import {
  ASSURANCE,
  COMPLIANCE,
  IDENTITY,
  MAC,
  MARK,
  MATCHED_BY,
  NAS_LOCATION,
  NEXT,
  POLICY_RESULT_FIELDS,
  PRESENTED_IDENTITY_FIELDS,
  PROBLEMS,
  STANDING,
} from './common.ts';
import { JOB } from './job.ts';

export const DEVICE_FACTS = object('What its source says of the device', {
  complianceState: COMPLIANCE,
  name: optional(text('Name')),
  ownership: optional(text('Whose it is')),
  model: optional(text('As the maker calls it')),
  category: optional(text('As the organisation has sorted it')),
  operatingSystem: optional(text('Operating system')),
  osVersion: optional(text('Its version')),
  managementState: optional(text('Whether it is being retired or wiped')),
  managementAgent: optional(text('What manages it')),
  registrationState: optional(text('Registration with Entra ID')),
  trustType: optional(text('How Entra ID knows it: AzureAd, ServerAd or Workplace')),
  profileType: optional(text('What kind of object it is in Entra ID')),
  mdmAppId: optional(text('Application id of its MDM in Entra ID')),
  jailBroken: optional(text('Whether its protection was removed')),
  isEncrypted: optional(flag('Whether its storage is encrypted')),
  accountEnabled: optional(flag('False for a device that the directory has disabled')),
  ownerAccount: optional(text('What the directory says of the account of its owner: enabled, disabled, none or gone')),
  groups: optional(text('Groups that it or its owner is in (+) or is not in (-), as far as they are read')),
  userPrincipalName: optional(text('Its user')),
  enrolledAt: optional(instant('When it was enrolled')),
  lastSyncAt: optional(instant('When it checked in last')),
} satisfies Record<keyof DeviceFacts, unknown>);

const { nasPortId: _, ...PLACE_FACTS } = NAS_LOCATION;

const SOURCE_VERDICT = object('', {
  source: text('The source'),
  id: text("The source's id of the device"),
  version: whole('Version of the record'),
  standing: STANDING,
  marks: list(MARK, 'What weakens the standing'),
  asOf: instant('When the source was last known to say this'),
  reachable: optional(flag('Whether the source was read in time lately')),
});

const FACTS = named(
  'PolicyFacts',
  object('All that policy looked at', {
    at: instant('When the question was asked'),
    site: text('Site of the client that asked'),
    standing: STANDING,
    marks: list(MARK, 'What weakens the standing'),
    assurance: optional(ASSURANCE),
    contradictions: optional(list(oneOf(CONTRADICTIONS, ''), 'What in the question does not fit the device')),
    asOf: optional(instant('When the source was last known to say this')),
    source: optional(text('Source whose verdict counts')),
    sourceReachable: optional(flag('Whether that source was read in time lately')),
    sourcesReachable: optional(byName(flag(''), 'The same of each source, where there are several')),
    records: optional(
      object('What each source says that knows the device, where there are several', {
        found: text('Source of the record that the question led to'),
        all: list(SOURCE_VERDICT, 'Beginning with that record'),
        because: oneOf(COUNTS_BECAUSE, 'Why the verdict counts that does'),
      }),
    ),
    device: optional(DEVICE_FACTS),
    userName: optional(text('User-Name')),
    ...PLACE_FACTS,
    methods: optional(list(oneOf(METHOD_WORDS, ''), 'How the station was authenticated')),
    mac: optional(text("The station's address, random ones included")),
    users: optional(list(text(''), 'Users that the site or a certificate authenticated')),
    certificateIssuer: optional(text('Empty where the server does not say it')),
    certificateSerial: optional(text('Hexadecimal digits')),
    ssids: optional(list(text(''), 'SSIDs')),
    cut: optional(list(text(''), 'Fields that the RADIUS server could not pass on whole')),
  }),
);

const DECISION = named(
  'Decision',
  object('The answer to a RADIUS server, and its reasons', {
    ...POLICY_RESULT_FIELDS,
    id: text('Also the Class of a permit'),
    decidedAt: instant('When it was made'),
    askedAt: optional(instant('When the question arrived, where its RADIUS server may have given up before')),
    standing: STANDING,
    device: optional(
      object('The device that it rests on', {
        source: text('Where the device comes from'),
        id: text("The source's id of it"),
        name: optional(text('Its name')),
        version: whole('Version of its record; 0 where there is none'),
        identity: MATCHED_BY,
        joined: optional(
          list(
            object('', {
              source: text('Another source that knows the device'),
              id: text("That source's id of it"),
              version: whole('Version of its record'),
            }),
            'Its records in other sources',
          ),
        ),
        asOf: instant('When the source was last known to say this'),
        live: optional(always(true, 'The source was asked while the RADIUS server waited')),
      }),
    ),
    problems: PROBLEMS,
    override: optional(
      object('What decided in place of policy', {
        id: text('Id of the override'),
        effect: either(
          object('', { kind: always('block') }),
          object('', { kind: always('let-on'), role: text('The role that it gives') }),
        ),
        reason: text('Why it was made'),
        by: text('Name of the client that made it'),
        until: instant('When it ends'),
      }),
    ),
    waiting: optional(always(true, 'The device is read again soon: compliant it would get another answer')),
    facts: optional(FACTS),
  }),
);

const RECORD_FIELDS = {
  id: text('Id of the session, twenty hexadecimal digits'),
  site: text('Where the station is'),
  mac: optional(MAC),
  ...NAS_LOCATION,
  credential: text('Which credential, eight hexadecimal digits'),
  client: text('The RADIUS server that asked'),
  userName: optional(text('User-Name')),
  acctSessionId: optional(text('Acct-Session-Id')),
  acctMultiSessionId: optional(text('Acct-Multi-Session-Id')),
  auditSessionId: optional(text("Cisco's audit-session-id")),
  method: optional(oneOf(['mab', 'eap-tls', 'site', 'none'], 'How the station proved who it is')),
  presented: object('The identities that the question presented', {
    authenticated: flag('Whether there is anything to authorise'),
    identities: list(object('', PRESENTED_IDENTITY_FIELDS), 'Strongest first'),
    problems: PROBLEMS,
    beside: optional(list(IDENTITY, 'Those that the device found does not hold')),
  }),
  decision: DECISION,
};

export const DECISION_RECORD = named(
  'DecisionRecord',
  object('A session as it was when the decision was made', RECORD_FIELDS),
);

export const DECISION_PAGE = named(
  'DecisionPage',
  object('Decisions, newest first', {
    decisions: list(DECISION_RECORD, 'A page may be short, or empty, and still have a next'),
    next: NEXT,
    lookedUntil: optional(
      instant('The search ended before it was through: every decision from then on was looked at, none before'),
    ),
  }),
);

export const RULE_TRACES = list(
  named(
    'RuleTrace',
    object('Why a rule did or did not decide', {
      rule: text('Its name'),
      matched: flag('Whether it decided'),
      failed: list(
        object('', {
          condition: text('Name of the condition'),
          wanted: text('What it wants'),
          actual: optional(text('What was there')),
          unreadable: optional(always(true, 'The value is missing, cut or not understood')),
        }),
        'Conditions that did not hold',
      ),
      unread: optional(list(text(''), 'Conditions that could not be read, of a rule that decided all the same')),
      notReached: optional(always(true, 'An earlier rule had decided')),
    }),
  ),
  'Each rule, in order',
);

const RESULT = object('A result of policy', POLICY_RESULT_FIELDS);

export const EXPLAINED_DECISION = named(
  'ExplainedDecision',
  object('A decision, what was tried, and each rule of the version that decided', {
    ...RECORD_FIELDS,
    identities: list(
      object('', {
        ...PRESENTED_IDENTITY_FIELDS,
        result: oneOf(['matched', 'not matched', 'not tried'], 'What came of it'),
      }),
      'Identities, as they were tried',
    ),
    rules: optional(RULE_TRACES),
    withoutOverride: optional(RESULT),
    jobs: list(JOB, 'CoA jobs of the session, from an hour before, newest first'),
    jobsComplete: flag('False where so many jobs came later that not all were looked at'),
  }),
);

export const REPLAYED_DECISION = named(
  'ReplayedDecision',
  object('A decision and what another version would have decided', {
    id: text('Id of the decision'),
    recorded: RESULT,
    replayed: RESULT,
    sameOutcome: flag('Whether the network would have done the same'),
    rules: RULE_TRACES,
  }),
);
