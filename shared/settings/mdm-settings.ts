// Reads the settings of the MDM server that is asked beside Intune, in Cisco's MDM dialect.

import { MDM_PRESET_NAMES, type MdmPresetName } from '../domain/mdm-preset-name.ts';
import type { SettingsReader } from './settings-reader.ts';

export interface MdmSettings {
  readonly preset: MdmPresetName;
  readonly address: string;
  readonly username: string;
  readonly password: string;
  /** Absent: the preset's own. */
  readonly name: string | undefined;
  /** From one noncompliant list, or one sweep, to the next. */
  readonly pollingIntervalMs: number;
  /** The server lists every device: it is swept. */
  readonly listsAll: boolean;
}

/** First part of device keys; `intune` is Intune's. */
const SOURCE_NAME = /^[a-z][a-z0-9-]{0,30}$/;

/** @returns `undefined` where no MDM server is set; its other settings count only with `MDM_PRESET` */
export function readMdmSettings(reader: SettingsReader): MdmSettings | undefined {
  if (reader.text('MDM_PRESET') === undefined) {
    const others = (['MDM_ADDRESS', 'MDM_USERNAME', 'MDM_PASSWORD'] as const).filter((name) => reader.text(name));
    const [first] = others;
    if (first !== undefined) reader.problem(first, `counts only with MDM_PRESET: ${MDM_PRESET_NAMES.join(', ')}`);
    return undefined;
  }
  const name = reader.text('MDM_SOURCE');
  if (name !== undefined && (!SOURCE_NAME.test(name) || name === 'intune')) {
    reader.problem('MDM_SOURCE', 'must be up to 31 lower-case letters, digits and hyphens, and not "intune"');
  }
  const address = reader.required('MDM_ADDRESS');
  if (address !== '' && !isAddress(address)) {
    reader.problem('MDM_ADDRESS', 'must be https://host[:port][/instance], without name, password or query');
  }
  const username = reader.required('MDM_USERNAME');
  if (/[:\p{Cc}]/u.test(username)) reader.problem('MDM_USERNAME', 'holds a colon or a control character (RFC 7617)');
  const password = reader.required('MDM_PASSWORD');
  if (/\p{Cc}/u.test(password)) reader.problem('MDM_PASSWORD', 'holds a control character (RFC 7617)');
  return {
    preset: reader.oneOf('MDM_PRESET', MDM_PRESET_NAMES),
    address,
    username,
    password,
    name,
    pollingIntervalMs: reader.duration('MDM_POLLING_INTERVAL', { from: '10s', to: '1d', unit: 'm' }),
    listsAll: reader.oneOf('MDM_LISTS_ALL', ['on', 'off']) === 'on',
  };
}

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return protocol === 'https:' && `${username}${password}${search}${hash}` === '';
}
