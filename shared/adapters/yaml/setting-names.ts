// Which application settings sources.yaml may name. Every other secret of the app stays out of its reach: an account is
// sent to the server that stands beside it, so a file that could name any setting could have any secret sent away.

import type { YamlField, YamlReader } from './yaml-reader.ts';

interface NamedSettings {
  readonly pattern: string;
  readonly example: string;
}

/** Their ends keep the kinds apart: what signs in to Microsoft is never sent to an MDM server. */
export const NAMED_SETTINGS = {
  certificate: {
    pattern: '^(SOURCE_[A-Z0-9_]{1,100}_CERTIFICATE(_2)?|ENTRA_CLIENT_CERTIFICATE(_2)?)$',
    example: 'SOURCE_EMEA_CERTIFICATE',
  },
  certificatePassword: {
    pattern: '^(SOURCE_[A-Z0-9_]{1,100}_CERTIFICATE_PASSWORD|ENTRA_CLIENT_CERTIFICATE_PASSWORD)$',
    example: 'SOURCE_EMEA_CERTIFICATE_PASSWORD',
  },
  secret: { pattern: '^(SOURCE_[A-Z0-9_]{1,100}_SECRET|ENTRA_CLIENT_SECRET)$', example: 'SOURCE_EMEA_SECRET' },
  username: { pattern: '^(SOURCE_[A-Z0-9_]{1,100}_USERNAME|MDM_USERNAME)$', example: 'SOURCE_MERAKI_USERNAME' },
  password: {
    pattern: '^(SOURCE_(?![A-Z0-9_]*_CERTIFICATE_PASSWORD$)[A-Z0-9_]{1,100}_PASSWORD|MDM_PASSWORD)$',
    example: 'SOURCE_MERAKI_PASSWORD',
  },
} as const satisfies Record<string, NamedSettings>;

/** Never shows what is written there: it may be the secret itself. */
export function settingName(read: YamlReader, field: YamlField, kind: keyof typeof NAMED_SETTINGS): string | undefined {
  const value = read.value(field);
  if (value === undefined) return undefined;
  const { pattern, example } = NAMED_SETTINGS[kind];
  if (typeof value === 'string' && new RegExp(pattern).test(value)) return value;
  read.problem(
    field,
    `must be the name of an application setting such as ${example}. If it is the secret itself, put it into such a ` +
      'setting, and change it where it is valid.',
  );
  return undefined;
}

export function requiredSettingName(
  read: YamlReader,
  field: YamlField,
  kind: keyof typeof NAMED_SETTINGS,
): string | undefined {
  if (field.node === undefined) {
    read.missing(field, `the name of a setting such as ${NAMED_SETTINGS[kind].example}`);
    return undefined;
  }
  return settingName(read, field, kind);
}
