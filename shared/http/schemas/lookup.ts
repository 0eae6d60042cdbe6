// What RADIUS servers send and get.

import { ACCOUNTING_STATUSES } from '../../domain/session/accounting-event.ts';
import {
  always,
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
  text,
  whole,
} from '../schema.ts';
import { ASSURANCE, MATCHED_BY, NAS_LOCATION, PERMIT_FIELDS, PROBLEMS } from './common.ts';

/** RADIUS servers that cannot make a list send one text. */
function names(description: string) {
  return described(description, either(text('One of them'), list(text(''), 'All of them', { maxItems: 100 })));
}

const WHO = {
  userName: optional(text('User-Name')),
  callingStationId: optional(text('Calling-Station-Id: the MAC address of the station, in any notation')),
  acctSessionId: optional(text('Acct-Session-Id')),
  acctMultiSessionId: optional(text('Acct-Multi-Session-Id')),
};

export const ACCESS_REQUEST = named(
  'AccessRequest',
  object('RADIUS attributes of an Access-Request. Empty text means absent; unknown fields are ignored', {
    method: optional(oneOf(['mab', 'eap-tls', 'site', 'none', ''], 'How the station was authenticated')),
    ...WHO,
    ...NAS_LOCATION,
    serviceType: optional(text('Service-Type')),
    eapType: optional(text('EAP-Type, by name or number')),
    ciscoAvPairs: optional(names('Every Cisco-AVPair')),
    ssid: optional(names("Every SSID that a vendor's attribute names")),
    cut: optional(names('Names of fields that the server could not pass on whole')),
    certificate: optional(
      object('Names of the client certificate, which the RADIUS server verified', {
        sanUri: optional(names('URI names')),
        sanDns: optional(names('DNS names')),
        sanEmail: optional(names('E-mail names')),
        sanUpn: optional(names('User principal names')),
        subjectAltName: optional(text('All names in one text, where the server cannot list them')),
        commonName: optional(names('Common names')),
        subject: optional(text('Distinguished name')),
        issuer: optional(text('Distinguished name')),
        serial: optional(text('Serial number, hexadecimal')),
        notAfter: optional(text('End of its validity')),
      }),
    ),
  }),
);

const OVERRIDE = object('The override that decided in place of policy', {
  id: text('Its id'),
  reason: text('Why it was made'),
  until: instant('When it ends'),
});

/** Absent with a deny. */
const PERMITTED = {
  ...PERMIT_FIELDS,
  role: optional(PERMIT_FIELDS.role),
  vlan: optional(PERMIT_FIELDS.vlan),
};

const VERDICT = oneOf(['permit', 'deny'], 'What the network does');

export const JSON_ANSWER = named(
  'LookupAnswer',
  object('A decision and its reasons', {
    decision: VERDICT,
    ...PERMITTED,
    sessionTimeoutSeconds: optional(whole('With a permit: when the NAS asks again, spread by a tenth')),
    terminationAction: optional(always('RADIUS-Request', 'With a permit: the NAS asks again and does not cut off')),
    observed: optional(
      object('What would have been answered, were the rule or the site not only observed', {
        decision: VERDICT,
        ...PERMITTED,
      }),
    ),
    standing: text('What is known of the device; docs/lookup.md lists the words'),
    compliance: optional(text("The device's state as Intune says it")),
    managed: flag('Whether a device was found'),
    registered: optional(flag('Whether the device is registered with Entra ID')),
    device: optional(
      object('The device that was found', {
        source: text('Where it comes from'),
        id: text("The source's id of it"),
        name: optional(text('Its name')),
      }),
    ),
    matchedBy: optional(
      object('The identity that led to the device', {
        identity: text('Its kind'),
        assurance: text(ASSURANCE.description ?? ''),
        origin: text(MATCHED_BY.properties?.['origin']?.description ?? ''),
      }),
    ),
    rule: text('Name of the rule that decided'),
    override: optional(OVERRIDE),
    policyVersion: text('The version that the rule is of'),
    policyAgeSeconds: whole('How long ago the policy was read'),
    asOf: optional(instant('When the source was last known to say this')),
    ageSeconds: optional(whole('How long ago that was')),
    source: oneOf(['live', 'store', 'stale', 'held'], 'Where the state came from, and whether it is in doubt'),
    decisionId: text('Id of the decision; also the Class of a permit'),
    problems: list(text(''), PROBLEMS.description ?? ''),
  }),
);

export const TEXT_ANSWER = text(
  'One line without line end: `deny`, or `permit role=… vlan=… timeout=… class=…` and with `answer=whole` the rest',
  { pattern: '^(?:deny|permit role=[^ ]+ vlan=[^ ]+ timeout=\\d+ class=[^ ]+(?: [^ =]+=[^ ]*)*)$' },
);

const RLM_REST_VALUE = either(text(''), whole(''));

export const RLM_REST_ANSWER = named(
  'RlmRestAnswer',
  byName(
    object('', {
      op: always(':='),
      do_xlat: always(false),
      value: either(RLM_REST_VALUE, list(RLM_REST_VALUE, '')),
    }),
    'Attributes as rlm_rest of FreeRADIUS decodes them, by `<list>:<attribute>`',
  ),
);

export const ACCOUNTING_RECORD = named(
  'AccountingRecord',
  object('RADIUS attributes of an Accounting-Request. Empty text means absent; unknown fields are ignored', {
    status: text(`Acct-Status-Type: ${ACCOUNTING_STATUSES.join(', ')}, in any case`),
    ...WHO,
    ...NAS_LOCATION,
    auditSessionId: optional(text("Cisco's audit-session-id")),
    framedIpAddress: optional(text('Framed-IP-Address')),
    nasPort: optional(text('NAS-Port', { pattern: '^\\d{0,10}$' })),
    class: optional(text('Class of the permit, as text or as `0x…`')),
    eventTime: optional(text('Event-Timestamp, in seconds since 1970', { pattern: '^\\d{0,10}$' })),
    delayTime: optional(text('Acct-Delay-Time, in seconds', { pattern: '^\\d{0,10}$' })),
    receivedTime: optional(
      text('When the RADIUS server received it, in seconds since 1970', { pattern: '^\\d{0,10}$' }),
    ),
    sentTime: optional(text('When the RADIUS server sends it, by the same clock', { pattern: '^\\d{0,10}$' })),
  }),
);

export const ACCOUNTING_RESULT = named(
  'AccountingResult',
  object('The record is done with, and need not be sent again', {
    changed: whole('Sessions, or NASes, that now stand differently: 0 or 1', { minimum: 0, maximum: 1 }),
  }),
);
