// JSON Schema of sources.yaml, for editors. The reader decides what is right; this follows it, from the same lists.

import { MOST_GROUPS } from '../../domain/device/group-memberships.ts';
import { MDM_PRESET_NAMES } from '../../domain/mdm-preset-name.ts';
import { NATIONAL_CLOUD_NAMES } from '../../domain/national-cloud-name.ts';
import { SOURCE_KINDS, type SourceKind } from '../../domain/source/source-definition.ts';
import {
  HIGHEST_PRECEDENCE,
  KEYS,
  MOST_HELD,
  MOST_SITES_OF_SOURCE,
  MOST_SOURCES,
  PERMISSIONS,
} from './read-sources.ts';
import { NAMED_SETTINGS } from './setting-names.ts';
import { ADDRESS, GUID, INSTANCE, LONGEST_ADDRESS, MOST_CERTIFICATES } from './source-connections.ts';

type Schema = Readonly<Record<string, unknown>>;
type Key = (typeof KEYS)[SourceKind][number];

const GUID_TEXT: Schema = { type: 'string', pattern: GUID };
// A number without quotes is taken as it is written, so patterns hold for it, too; JSON Schema asks them of text alone.
const SITE: Schema = { type: ['string', 'number'], pattern: '^[a-z0-9][a-z0-9-]{0,39}$' };
const DURATION: Schema = {
  type: ['string', 'number'],
  pattern: '^\\s*\\d{1,9}(\\.\\d{1,3})?\\s*([mM]?[sS]|[mMhHdD])?\\s*$',
};

const PROPERTIES: Readonly<Record<Key, Schema>> = {
  name: {
    type: 'string',
    pattern: '^[a-z][a-z0-9-]{0,30}$',
    description: 'First part of its device keys; of its own, for ever',
  },
  kind: { enum: SOURCE_KINDS },
  pollingInterval: { ...DURATION, description: 'From one sweep, list or delta to the next, e.g. 15m or 2h' },
  massChange: {
    ...object({
      percent: { type: 'integer', minimum: 1, maximum: 100 },
      devices: { type: 'integer', minimum: 1, maximum: MOST_HELD },
    }),
    description: 'Above both a change at once is held',
  },
  precedence: {
    type: 'integer',
    minimum: 0,
    maximum: HIGHEST_PRECEDENCE,
    description: 'Whose verdict counts where several know a device: the highest; without it the worse verdict',
  },
  sites: { ...oneOrMore(SITE, MOST_SITES_OF_SOURCE), description: 'Where its devices count; without it everywhere' },
  tenantId: { ...GUID_TEXT, description: 'Directory (tenant) id' },
  clientId: { ...GUID_TEXT, description: 'Registration that signs in; without it that of ENTRA_CLIENT_ID' },
  cloud: { enum: NATIONAL_CLOUD_NAMES },
  signIn: {
    description: 'How the tenant is signed in to',
    anyOf: [
      { const: 'settings', description: 'As the ENTRA_* settings say' },
      object(
        {
          certificateSetting: oneOrMore(setting('certificate'), MOST_CERTIFICATES),
          passwordSetting: setting('certificatePassword'),
        },
        ['certificateSetting'],
      ),
      object({ secretSetting: setting('secret') }, ['secretSetting']),
      object({ federated: { ...GUID_TEXT, description: 'Client id of the home registration' } }, ['federated']),
    ],
  },
  permissions: { enum: PERMISSIONS },
  deviceDelta: { type: 'boolean', description: 'Entra is asked which devices changed (Device.Read.All)' },
  users: { type: 'boolean', description: 'A disabled user loses access, too (User.Read.All)' },
  groups: { ...oneOrMore(GUID_TEXT, MOST_GROUPS), description: 'Object ids of groups whose members are read' },
  preset: { enum: MDM_PRESET_NAMES },
  address: {
    type: 'string',
    pattern: ADDRESS,
    maxLength: LONGEST_ADDRESS,
    description: 'As the MDM shows it for Cisco ISE',
  },
  instance: { type: ['string', 'number'], pattern: INSTANCE, description: 'Part of the path before /ciscoise' },
  usernameSetting: setting('username'),
  passwordSetting: setting('password'),
  listsAll: { type: 'boolean', description: 'It lists every device when it is asked to, and is swept' },
};

const REQUIRED: Readonly<Record<SourceKind, readonly Key[]>> = {
  intune: ['signIn'],
  entra: ['signIn'],
  'cisco-mdm': ['preset', 'address', 'usernameSetting', 'passwordSetting'],
};

export function sourcesSchema(): Schema {
  const source = { ...object(PROPERTIES, ['name', 'kind']), allOf: SOURCE_KINDS.map(ofKind) };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'sources.yaml',
    ...object({ sources: { type: 'array', minItems: 1, maxItems: MOST_SOURCES, items: source } }, ['sources']),
  };
}

function ofKind(kind: SourceKind): Schema {
  const own: readonly string[] = KEYS[kind];
  const others = Object.keys(PROPERTIES).filter((key) => !own.includes(key));
  return {
    if: { properties: { kind: { const: kind } }, required: ['kind'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: REQUIRED[kind], properties: Object.fromEntries(others.map((key) => [key, false])) },
  };
}

function object(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return { type: 'object', additionalProperties: false, required, properties };
}

function oneOrMore(items: Schema, maxItems: number): { readonly anyOf: readonly Schema[] } {
  return { anyOf: [items, { type: 'array', minItems: 1, maxItems, items }] };
}

function setting(kind: keyof typeof NAMED_SETTINGS): Schema {
  const { pattern, example } = NAMED_SETTINGS[kind];
  return { type: 'string', pattern, description: `Name of an application setting, e.g. ${example}` };
}
