// What the shipped FreeRADIUS configuration replies to an access device of no particular kind.

import { FALLBACK } from './start-freeradius.ts';

/** An answer of the connector, and the reply the server makes of it. */
export const PERMIT = 'permit role=employee vlan=20 timeout=3600 class=ref-1';

const VLAN = { 'Tunnel-Type:0': 'VLAN', 'Tunnel-Medium-Type:0': 'IEEE-802', 'Termination-Action': 'RADIUS-Request' };

export const PERMIT_ATTRIBUTES = {
  ...VLAN,
  'Tunnel-Private-Group-Id:0': '20',
  'Filter-Id': 'employee',
  'Session-Timeout': '3600',
  Class: octets('ref-1'),
};

/** Without an answer, in fail mode `open`. */
export const FALLBACK_ATTRIBUTES = {
  ...VLAN,
  'Tunnel-Private-Group-Id:0': FALLBACK.vlan,
  'Filter-Id': FALLBACK.role,
  'Session-Timeout': String(FALLBACK.sessionTimeout),
};

/** Without an answer and without a permit, outside of EAP. */
export const UNAVAILABLE = { code: 'Access-Reject', attributes: { 'Reply-Message': 'NAC lookup unavailable' } };

/** What a question says of the certificate when there is none. */
export const NO_CERTIFICATE = {
  subjectAltName: '',
  sanUri: '',
  sanDns: '',
  sanEmail: '',
  sanUpn: '',
  commonName: '',
  subject: '',
  issuer: '',
  serial: '',
  notAfter: '',
};

/** What a question says of Cisco-AVPairs when there are none. */
export const NO_PAIRS = Array.from({ length: 24 }, () => '');

/** What a question says of SSIDs when no vendor's attribute names one. */
export const NO_SSIDS = ['', '', ''];

export function octets(text: string): string {
  return `0x${Buffer.from(text).toString('hex')}`;
}

/** Only what concerns the network: neither the EAP conversation nor its keys. */
export function withoutEap(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const eap = ['EAP-Message', 'Message-Authenticator', 'User-Name', 'Attr-26'];
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !eap.includes(name)));
}
