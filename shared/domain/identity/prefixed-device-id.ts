// How MDMs write their device id into a certificate or a VPN client's report: with a prefix that names the MDM.

import { bareGuid, GUID_IN_URI } from '../guid-forms.ts';
import { CERTIFICATE_SOURCE } from './certificate-source.ts';

/**
 * Sources: Cisco ISE's guides to Intune, Meraki Systems Manager and Ivanti (MobileIron) integration; Microsoft's NAC
 * guide for `IntuneDeviceId://`. Meraki's ids are numbers of no documented length.
 */
const FORMS: readonly { readonly source: string; readonly prefix: string; readonly id: string }[] = [
  { source: CERTIFICATE_SOURCE, prefix: 'ID:Microsoft Endpoint Manager:GUID:', id: GUID_IN_URI },
  { source: CERTIFICATE_SOURCE, prefix: 'IntuneDeviceId://', id: GUID_IN_URI },
  { source: CERTIFICATE_SOURCE, prefix: 'ID:Intune:GUID:', id: GUID_IN_URI },
  { source: CERTIFICATE_SOURCE, prefix: 'ID:Intune:DeviceID:', id: GUID_IN_URI },
  { source: 'meraki', prefix: 'ID:MerakiSM:DeviceID:', id: '[0-9a-z]{1,64}' },
  { source: 'ivanti', prefix: 'ID:Mobileiron:GUID:', id: GUID_IN_URI },
];

export interface PrefixedDeviceId {
  /** The MDM whose id it is, as in device keys. */
  readonly source: string;
  /** Lower case. */
  readonly deviceId: string;
}

/** All forms as one piece of a regular expression, for the flag `i`; it captures nothing. */
export const DEVICE_ID_FORMS = `(?:${FORMS.map(({ prefix, id }) => `${prefix}${id}`).join('|')})`;

const ANY_FORM = new RegExp(DEVICE_ID_FORMS, 'i');
const WHOLE_FORMS = FORMS.map(({ source, prefix, id }) => ({ source, pattern: new RegExp(`^${prefix}(${id})$`, 'i') }));

/** Whether one of the forms stands anywhere in the text. */
export function holdsDeviceId(text: string): boolean {
  return ANY_FORM.test(text);
}

/** Reads one of the forms, in any letter case; `undefined` when the text is anything else. */
export function prefixedDeviceId(text: string): PrefixedDeviceId | undefined {
  for (const { source, pattern } of WHOLE_FORMS) {
    const match = pattern.exec(text);
    if (match?.[1] === undefined) continue;
    const id = match[1].replace(/[{}/]/g, '').toLowerCase();
    return { source, deviceId: bareGuid(id) ?? id };
  }
  return undefined;
}

/**
 * Which kinds of id a prefixed one may be. Intune's own prefixes stand before Entra's id, too: Foxpass documents
 * `IntuneDeviceId://{{AAD_Device_ID}}`. Other MDMs have one id only.
 */
export function kindsOfId({ source }: PrefixedDeviceId): readonly ('deviceId' | 'entraDeviceId')[] {
  return source === CERTIFICATE_SOURCE ? ['deviceId', 'entraDeviceId'] : ['deviceId'];
}
