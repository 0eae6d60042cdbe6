// Where an MDM server of Cisco's dialect is, and under which account it is asked; checked before anything is sent.

import { MDMINFO_PATH } from '../../domain/mdm-dialect.ts';
import { withoutTrailing } from '../../domain/trailing.ts';
import { ConnectorError } from '../../errors.ts';
import type { MdmPreset } from './presets/mdm-preset.ts';

export interface MdmConnection {
  /** First part of every device key from this source. */
  readonly name: string;
  readonly preset: MdmPreset;
  /** `https://mdm.example`, with port and the path that some products call instance; checked by {@link readAddress}. */
  readonly address: string;
  readonly username: string;
  readonly password: string;
}

const LONGEST_ADDRESS = 512;
/** What operators copy along from the page of their MDM. */
const ENTRY = new RegExp(`(?:/ciscoise|${MDMINFO_PATH})$`, 'i');

/**
 * The address as it is used: without what {@link MDMINFO_PATH} adds again, and without a slash at its end.
 * @throws ConnectorError NAC_SETTINGS
 */
export function readAddress(text: string, field: string): string {
  const url = text.length <= LONGEST_ADDRESS && URL.canParse(text) ? new URL(text) : undefined;
  const problem =
    url === undefined
      ? 'is no address'
      : url.protocol !== 'https:'
        ? 'does not begin with https://'
        : url.username !== '' || url.password !== ''
          ? 'holds a name or a password'
          : url.search !== '' || url.hash !== ''
            ? 'has something behind its path'
            : undefined;
  if (url === undefined || problem !== undefined) {
    throw new ConnectorError('NAC_SETTINGS', `The address of an MDM server ${problem}.`, {
      action:
        'Give the address that the MDM shows for Cisco ISE, such as https://mdm.example or https://mdm.example/instance.',
      field,
    });
  }
  const path = withoutTrailing(url.pathname, '/').replace(ENTRY, '');
  return `${url.origin}${withoutTrailing(path, '/')}`;
}

/**
 * The header of HTTP Basic (RFC 7617). @throws ConnectorError NAC_SETTINGS for what the scheme cannot carry
 */
export function basicCredentials({ username, password, name }: MdmConnection): string {
  const problem =
    username === '' ? 'is empty' : /[:\p{Cc}]/u.test(username) ? 'holds a colon or a control character' : '';
  if (problem !== '' || /\p{Cc}/u.test(password)) {
    const what = problem === '' ? 'password holds a control character' : `user name ${problem}`;
    throw new ConnectorError('NAC_SETTINGS', `The ${what}: the source ${name} cannot be asked with it.`, {
      action: 'Give the account that the MDM has for Cisco ISE.',
      field: problem === '' ? 'password' : 'username',
    });
  }
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
