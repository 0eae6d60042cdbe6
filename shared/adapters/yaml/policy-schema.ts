// JSON Schema of policy.yaml, for editors. The reader decides what is right; this follows it, from the same lists.

import { METHOD_WORDS } from '../../domain/identity/authentication-word.ts';
import { ASSURANCES } from '../../domain/identity/identity.ts';
import { CONTRADICTIONS } from '../../domain/identity/presented-identities.ts';
import { OWNER_WORDS } from '../../domain/policy/device-owner.ts';
import { LIST_PREFIX } from '../../domain/policy/mac-list.ts';
import { MEDIA } from '../../domain/policy/policy-facts.ts';
import { LONGEST_VALUE, MOST_VALUES, REPLY_ATTRIBUTES } from '../../domain/policy/reply-attributes.ts';
import { LONGEST_VERSION_NAME } from '../../domain/version-activation.ts';
import { COMPLIANCE_WORDS, type CONDITION_NAMES, LONGEST_LIST, SOURCE_NAME } from './policy-conditions.ts';
import { LONGEST_PATTERN } from './policy-patterns.ts';
import { MOST_ROLES } from './policy-roles.ts';
import { MOST_ISSUERS, MOST_RULES, MOST_SITES, RULE_NAME } from './read-policy.ts';
import { GUID } from './source-connections.ts';

type Schema = Readonly<Record<string, unknown>>;

// A number without quotes is taken as it is written, so patterns hold for it, too; JSON Schema asks them of text alone.
const WORD: Schema = { type: ['string', 'number'], pattern: '^[A-Za-z0-9_.-]{1,64}$' };
const SITE: Schema = { type: ['string', 'number'], pattern: '^[a-z0-9][a-z0-9-]{0,39}$' };
const SOURCE: Schema = { type: 'string', pattern: SOURCE_NAME.source };
const GROUP: Schema = { type: 'string', pattern: GUID };
const PATTERN: Schema = { type: ['string', 'number'], minLength: 1, maxLength: LONGEST_PATTERN };
const DURATION: Schema = {
  type: ['string', 'number'],
  pattern: '^\\s*\\d{1,9}(\\.\\d{1,3})?\\s*([mM]?[sS]|[mMhHdD])?\\s*$',
};
const ISSUERS: Schema = {
  ...oneOrMore(PATTERN, MOST_ISSUERS),
  description: 'Authorities whose certificates may say which device it is, e.g. CN=Issuing CA,O=Contoso',
};
const PLAIN_TEXT: Schema = { type: 'string', minLength: 1, maxLength: LONGEST_VALUE };

const CONDITIONS: Record<(typeof CONDITION_NAMES)[number], Schema> = {
  compliance: {
    ...oneOrMore({ enum: COMPLIANCE_WORDS }),
    description: 'State or standing of the device; any of these',
  },
  assurance: { ...oneOrMore({ enum: ASSURANCES }), description: 'How sure it is which device this is' },
  ownership: { ...oneOrMore(PATTERN), description: 'As Intune has it, e.g. company or personal' },
  platform: { ...oneOrMore(PATTERN), description: 'Operating system as Intune has it, e.g. Windows, iOS, macOS' },
  osVersion: { ...oneOrMore(limit('[0-9].*')), description: "All must hold, e.g. ['>= 17.1', '< 18']" },
  contradiction: {
    anyOf: [{ type: 'boolean' }, ...oneOrMore({ enum: CONTRADICTIONS }).anyOf],
    description: 'Something in the question is of another device; true, false, or which',
  },
  method: {
    ...oneOrMore({ enum: METHOD_WORDS }),
    description: 'How the station was authenticated; pap is any password without EAP',
  },
  macAddress: {
    ...oneOrMore({ type: ['string', 'number'], minLength: 6, maxLength: LIST_PREFIX.length + LONGEST_VERSION_NAME }),
    description:
      'Addresses and beginnings of them in any notation, and uploaded lists, for MAB alone, e.g. 00:11:22, list:printers-1',
  },
  certificateIssuer: { ...oneOrMore(PATTERN), description: 'Parts of the distinguished name, e.g. CN=Issuing CA *' },
  deviceName: { ...oneOrMore(PATTERN), description: 'With * and ?' },
  model: { ...oneOrMore(PATTERN), description: 'With * and ?' },
  category: { ...oneOrMore(PATTERN), description: 'Device category in Intune, with * and ?' },
  encrypted: { type: 'boolean', description: 'Storage is encrypted' },
  jailbroken: { type: 'boolean', description: 'Jailbroken or rooted' },
  managementAgent: { ...oneOrMore(PATTERN), description: 'As Intune has it, e.g. mdm, configurationManagerClientMdm' },
  registrationState: {
    ...oneOrMore(PATTERN),
    description: 'As Intune has it; revoked means blocked, wiped or retired',
  },
  owner: { ...oneOrMore({ enum: OWNER_WORDS }), description: 'Whether the device is of the authenticated user' },
  source: { ...oneOrMore(SOURCE), description: 'Source whose verdict counts, e.g. intune' },
  group: {
    anyOf: [
      ...oneOrMore(GROUP).anyOf,
      {
        type: 'object',
        propertyNames: GROUP,
        additionalProperties: { type: 'boolean' },
        minProperties: 1,
        maxProperties: LONGEST_LIST,
      },
    ],
    description: 'Groups of Entra ID, by object id, that the device or its owner is in; or each with true or false',
  },
  sourceReachable: {
    anyOf: [
      { type: 'boolean' },
      {
        type: 'object',
        propertyNames: SOURCE,
        additionalProperties: { type: 'boolean' },
        minProperties: 1,
        maxProperties: LONGEST_LIST,
      },
    ],
    description: 'Whether that source, or each named one, has been read in time lately',
  },
  daysSinceCheckIn: { ...oneOrMore(limit('\\d{1,9}')), description: "E.g. '>= 7'" },
  registered: { type: 'boolean', description: 'Registered with Entra ID' },
  site: { ...oneOrMore(SITE), description: 'Site of the RADIUS proxy that asks' },
  medium: { ...oneOrMore({ enum: MEDIA }), description: 'By NAS-Port-Type' },
  ssid: { ...oneOrMore(PATTERN), description: 'With * and ?; letter case counts' },
  nasAddress: { ...oneOrMore({ type: 'string' }), description: 'Addresses and subnets, e.g. 10.1.0.0/16' },
  nasIdentifier: { ...oneOrMore(PATTERN), description: 'With * and ?' },
  userName: { ...oneOrMore(PATTERN), description: 'With * and ?' },
  minutesSinceEnrolment: { ...oneOrMore(limit('\\d{1,9}')), description: "E.g. '< 60'" },
  removalPending: { type: 'boolean', description: 'Retire, wipe or delete was asked for' },
  answerAge: { ...oneOrMore(limit('\\d.*[a-zA-Z]')), description: "How old the knowledge is, e.g. '>= 4h'" },
};

export function policySchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'policy.yaml',
    ...object(
      {
        roles: named(role(), MOST_ROLES),
        sites: named(site(), MOST_SITES),
        rules: rules(),
        certificateIssuers: ISSUERS,
      },
      ['roles', 'rules'],
    ),
  };
}

function rules(): Schema {
  const properties = {
    name: { type: 'string', pattern: RULE_NAME },
    when: { ...object(CONDITIONS, []), minProperties: 1 },
    permit: { ...WORD, description: 'A role of this file' },
    reject: { const: true },
    observe: { ...WORD, description: 'Decide and record, but give this role instead' },
  };
  const rule = { ...object(properties, ['name']), oneOf: [{ required: ['permit'] }, { required: ['reject'] }] };
  return {
    type: 'array',
    minItems: 1,
    maxItems: MOST_RULES,
    items: rule,
    description: 'The first that matches decides',
  };
}

function role(): Schema {
  const types = { text: PLAIN_TEXT, number: { type: 'integer', minimum: 0, maximum: 0xffff_ffff } };
  const attributes = Object.entries(REPLY_ATTRIBUTES).map(([name, type]) => [
    name,
    oneOrMore(types[type], MOST_VALUES),
  ]);
  const properties = {
    vlan: { ...WORD, description: 'VLAN name or id' },
    sessionTimeout: { ...DURATION, description: '1m to 7d; 8h when absent; spread by 10 %' },
    acl: PLAIN_TEXT,
    redirectUrl: { ...PLAIN_TEXT, pattern: '^https?://' },
    attributes: object(Object.fromEntries(attributes), []),
  };
  return object(properties, ['vlan']);
}

function site(): Schema {
  return object(
    {
      observe: { ...WORD, description: 'Everybody here gets this role; decisions say what would be' },
      vlans: named(WORD),
      certificateIssuers: ISSUERS,
    },
    [],
  );
}

function object(properties: Schema, required: readonly string[]): Schema {
  return { type: 'object', additionalProperties: false, required, properties };
}

function named(schema: Schema, maxProperties?: number): Schema {
  return { type: 'object', additionalProperties: schema, ...(maxProperties !== undefined && { maxProperties }) };
}

function oneOrMore(items: Schema, maxItems: number = LONGEST_LIST): { readonly anyOf: readonly Schema[] } {
  return { anyOf: [items, { type: 'array', minItems: 1, maxItems, items }] };
}

function limit(value: string): Schema {
  return { type: 'string', pattern: `^(>=|<)\\s*${value}$` };
}
