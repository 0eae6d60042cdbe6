// What several answers of the API hold: devices, places, identities, and what the network is asked to do.

import { COMPLIANCE_STATES } from '../../domain/device/compliance-state.ts';
import { STANDING_MARKS, STANDINGS_WITHOUT_STATE } from '../../domain/device/standing.ts';
import { ASSURANCES, IDENTITY_KINDS } from '../../domain/identity/identity.ts';
import type { IdentityProblem } from '../../domain/identity/presented-identities.ts';
import type { MacAddress } from '../../domain/mac-address.ts';
import type { ReplyAttributes } from '../../domain/policy/reply-attributes.ts';
import {
  always,
  amount,
  byName,
  described,
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

export const DEVICE_KEY = object('A device by its source and the id that the source gave it', {
  source: text('The source that the device comes from'),
  id: text("The source's id of it; of Intune the managedDevice id"),
});

export const NAS_LOCATION = {
  calledStationId: optional(text('Called-Station-Id')),
  nasIpAddress: optional(text('NAS-IP-Address')),
  nasIpv6Address: optional(text('NAS-IPv6-Address')),
  nasIdentifier: optional(text('NAS-Identifier')),
  nasPortId: optional(text('NAS-Port-Id')),
  nasPortType: optional(text('NAS-Port-Type, by name or number')),
  packetSourceIp: optional(text("Address that the NAS's packet came from")),
};

export const MAC = text('MAC address, twelve lower-case hexadecimal digits', {
  pattern: '^[0-9a-f]{12}$',
}) as Schema<MacAddress>;

export const STANDING = oneOf(
  [...COMPLIANCE_STATES, ...STANDINGS_WITHOUT_STATE] as const,
  "One of Intune's seven states, or why there is none",
);
export const COMPLIANCE = oneOf(COMPLIANCE_STATES, "The device's state as Intune says it");
export const MARK = oneOf(
  STANDING_MARKS,
  '`stale`: not confirmed for too long; `held`: the breaker holds a newer state',
);
export const ASSURANCE = oneOf(ASSURANCES, 'How sure the identity makes us');
export const PROBLEMS = list(
  text('A word of docs/lookup.md') as Schema<IdentityProblem>,
  'What is wrong with the question, or weakens its answer',
);

const IDENTITY_KIND = oneOf(IDENTITY_KINDS, 'What kind of identity it is');
const ORIGIN = text('Where it stood, in the terms of the field: `SAN URI`, `Calling-Station-Id`');

export const MATCHED_BY = object('The identity that led to the device', {
  kind: IDENTITY_KIND,
  assurance: ASSURANCE,
  origin: ORIGIN,
});

export const IDENTITY_FIELDS = { kind: IDENTITY_KIND, value: text('In comparable form') };
export const IDENTITY = object('An identity in comparable form', IDENTITY_FIELDS);

export const PRESENTED_IDENTITY_FIELDS = {
  ...IDENTITY_FIELDS,
  assurance: ASSURANCE,
  origin: ORIGIN,
  source: optional(text('The source whose id it is; absent where it is that of the usual certificates')),
  required: optional(always(true, 'A record counts only if it has this id, too')),
  beside: optional(always(true, "It stands beside a surer id; another device's is a contradiction")),
};

const ATTRIBUTES = byName(
  list(either(text(''), whole('')), 'Values, in order'),
  'Further RADIUS attributes of the role',
) as unknown as Schema<ReplyAttributes>;

export const PERMIT_FIELDS = {
  role: text('The role'),
  vlan: text('Name or id of the VLAN'),
  acl: optional(text('Name of an ACL')),
  redirectUrl: optional(text('Page for remediation')),
  attributes: optional(ATTRIBUTES),
};

export const OUTCOME = named(
  'Outcome',
  described(
    'What the network is asked to do',
    either(object('', { verdict: always('permit'), ...PERMIT_FIELDS }), object('', { verdict: always('deny') })),
  ),
);

export const POLICY_RESULT_FIELDS = {
  outcome: OUTCOME,
  observed: optional(described('What it would be, were the rule or the site not only observed', OUTCOME)),
  rule: text('Name of the rule that decided'),
  policyVersion: text('The version that the rule is of'),
  sessionTimeoutSeconds: amount('How long a permit holds, in seconds, before spreading'),
  unread: optional(list(text(''), 'Conditions that could not be read and might have decided otherwise')),
};

/** Of a page: the mark of the next one. */
export const NEXT = optional(text('Give it as `after` for the next page; absent after the last one'));

export const REASON = text('Why, in one line', { maxLength: 500 });

export const REASON_BODY = {
  type: 'application/json',
  required: false,
  schema: named('Reason', object('Why a person makes a change', { reason: optional(REASON) })),
  example: { reason: 'ticket 4711' },
} as const;

export const COMPLETE = flag('False where there is more than could be looked at');
export const AT = instant('When');
