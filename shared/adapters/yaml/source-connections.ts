// Reads how a source of sources.yaml is reached: a tenant of Microsoft's, or a server of Cisco's MDM dialect.

import { MDM_PRESET_NAMES } from '../../domain/mdm-preset-name.ts';
import { NATIONAL_CLOUD_NAMES, type NationalCloudName } from '../../domain/national-cloud-name.ts';
import type { CiscoMdmConnection, MicrosoftConnection, SignIn } from '../../domain/source/source-definition.ts';
import { requiredSettingName, settingName } from './setting-names.ts';
import type { YamlField, YamlReader } from './yaml-reader.ts';

/** In lower or upper case. */
export const GUID = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
export const INSTANCE = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';
export const LONGEST_ADDRESS = 512;
/** No user name, query or fragment; nothing that URLs are rewritten from. */
export const ADDRESS =
  '^https://[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{1,64}){0,8}/?$';
/** One, and the next during a rollover. */
export const MOST_CERTIFICATES = 2;

export const MICROSOFT_KEYS = ['tenantId', 'clientId', 'cloud', 'signIn'] as const;
export const CISCO_MDM_KEYS = ['preset', 'address', 'instance', 'usernameSetting', 'passwordSetting'] as const;

/** The home tenant, as the settings have it. */
export interface HomeTenant {
  readonly tenantId: string;
  readonly clientId: string;
  readonly cloud: NationalCloudName;
}

type Fields<Key extends string> = Readonly<Record<Key, YamlField>>;

export function readMicrosoftConnection(
  read: YamlReader,
  fields: Fields<(typeof MICROSOFT_KEYS)[number]>,
  home: HomeTenant,
): MicrosoftConnection | undefined {
  const signIn = readSignIn(read, fields.signIn);
  if (signIn?.kind === 'settings') {
    for (const key of ['tenantId', 'clientId', 'cloud'] as const) {
      if (fields[key].node !== undefined) {
        read.problem(fields[key], 'is as the settings say with `signIn: settings`: remove the line.');
      }
    }
    return { ...home, signIn };
  }
  const cloud = read.oneOf(fields.cloud, NATIONAL_CLOUD_NAMES);
  const clientId = guid(read, fields.clientId);
  if (signIn?.kind === 'federated' && fields.clientId.node !== undefined) {
    read.problem(fields.clientId, 'is that under `federated`: remove the line.');
  }
  if (fields.tenantId.node === undefined) read.missing(fields.tenantId, 'the directory (tenant) id, a GUID');
  const tenantId = guid(read, fields.tenantId);
  if (tenantId === undefined || signIn === undefined) return undefined;
  return { tenantId, ...(clientId !== undefined && { clientId }), cloud: cloud ?? 'Public', signIn };
}

const SIGN_IN_KEYS = ['certificateSetting', 'passwordSetting', 'secretSetting', 'federated'] as const;
const ONE_OF = 'must be `settings`, or have one of `certificateSetting`, `secretSetting` and `federated`.';

function readSignIn(read: YamlReader, field: YamlField): SignIn | undefined {
  if (field.node === undefined) {
    read.problem(field, `is missing: it ${ONE_OF}`);
    return undefined;
  }
  const word = read.value(field, { quietly: true });
  if (word !== undefined) {
    if (word === 'settings') return { kind: 'settings' };
    read.problem(field, ONE_OF);
    return undefined;
  }
  const { certificateSetting, passwordSetting, secretSetting, federated } = read.mapping(field, SIGN_IN_KEYS);
  const ways = [certificateSetting, secretSetting, federated].filter(({ node }) => node !== undefined);
  if (ways.length !== 1) read.problem(field, ONE_OF);
  if (passwordSetting.node !== undefined && certificateSetting.node === undefined) {
    read.problem(passwordSetting, 'is the password of a certificate: name that too, or remove the line.');
  }
  const certificates = readCertificates(read, certificateSetting);
  const password = settingName(read, passwordSetting, 'certificatePassword');
  const secret = settingName(read, secretSetting, 'secret');
  const homeClientId = guid(read, federated);
  if (certificates !== undefined) {
    return {
      kind: 'certificate',
      certificateSettings: certificates,
      ...(password !== undefined && { passwordSetting: password }),
    };
  }
  if (secret !== undefined) return { kind: 'secret', secretSetting: secret };
  return homeClientId === undefined ? undefined : { kind: 'federated', homeClientId };
}

function readCertificates(read: YamlReader, field: YamlField): readonly string[] | undefined {
  if (field.node === undefined) return undefined;
  const items = read.list(field, { orSingle: true, longest: MOST_CERTIFICATES }) ?? [];
  const names = items.flatMap((item) => requiredSettingName(read, item, 'certificate') ?? []);
  if (new Set(names).size < names.length) read.problem(field, 'names the same setting twice: remove one.');
  return names;
}

/** @param mdmAddress the one place that the account of MDM_* is sent to; `unknown` where no settings are at hand */
export function readCiscoMdmConnection(
  read: YamlReader,
  fields: Fields<(typeof CISCO_MDM_KEYS)[number]>,
  mdmAddress: string | undefined | 'unknown',
): CiscoMdmConnection | undefined {
  if (fields.preset.node === undefined) read.missing(fields.preset, `one of ${MDM_PRESET_NAMES.join(', ')}`);
  const preset = read.oneOf(fields.preset, MDM_PRESET_NAMES);
  const address = readAddress(read, fields.address);
  const instance = readInstance(read, fields.instance);
  const usernameSetting = requiredSettingName(read, fields.usernameSetting, 'username');
  const passwordSetting = requiredSettingName(read, fields.passwordSetting, 'password');
  for (const [field, name] of [
    [fields.usernameSetting, usernameSetting],
    [fields.passwordSetting, passwordSetting],
  ] as const) {
    const isOfSettings = name === 'MDM_USERNAME' || name === 'MDM_PASSWORD';
    if (isOfSettings && address !== undefined && mdmAddress !== 'unknown' && address !== withoutSlash(mdmAddress)) {
      read.problem(field, 'is sent to the server in MDM_ADDRESS alone: name a setting that begins with SOURCE_.');
    }
  }
  if (preset === undefined || address === undefined || !usernameSetting || !passwordSetting) return undefined;
  return { preset, address, ...(instance !== undefined && { instance }), usernameSetting, passwordSetting };
}

/** Never shows what is written there: it may hold a password. */
function readAddress(read: YamlReader, field: YamlField): string | undefined {
  if (field.node === undefined) read.missing(field, 'the address that the MDM shows for Cisco ISE');
  const value = read.value(field);
  if (value === undefined) return undefined;
  const isAddress = typeof value === 'string' && value.length <= LONGEST_ADDRESS && new RegExp(ADDRESS).test(value);
  if (isAddress && URL.canParse(value)) return withoutSlash(value);
  read.problem(
    field,
    'must be https://host, with port and path where it has them: no user name, no password, no `?` and no `#`.',
  );
  return undefined;
}

function readInstance(read: YamlReader, field: YamlField): string | undefined {
  const text = read.textOrNumber(field);
  if (text === undefined || new RegExp(INSTANCE).test(text)) return text;
  read.problem(field, 'must be one part of a path: up to 64 letters, digits, dots, hyphens and underscores.');
  return undefined;
}

function withoutSlash(address: string | undefined): string | undefined;
function withoutSlash(address: string): string;
function withoutSlash(address: string | undefined): string | undefined {
  return address?.endsWith('/') ? address.slice(0, -1) : address;
}

/** In lower case. */
export function guid(read: YamlReader, field: YamlField): string | undefined {
  const value = read.value(field);
  if (value === undefined) return undefined;
  if (typeof value === 'string' && new RegExp(GUID).test(value)) return value.toLowerCase();
  read.problem(field, 'must be a GUID like 0f8fad5b-d9cb-469f-a165-70867728950e.');
  return undefined;
}
