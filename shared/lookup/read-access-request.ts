// Reads the body of a lookup: JSON of RADIUS attributes, every value hostile. FreeRADIUS sends empty text for absent.

import type { AccessRequest, AuthenticationMethod, CertificateNames } from '../domain/identity/access-request.ts';
import { separatePairs } from '../domain/identity/vpn-client-identities.ts';
import { canonicalAddress } from '../domain/ip-address.ts';
import { NAS_LOCATION_FIELDS, withCanonicalAddresses } from '../domain/nas-location.ts';
import { isNameOfCertificate } from '../domain/policy/unread-contradictions.ts';
import { fieldError, objectIn, parseJsonBody, text, texts } from './request-fields.ts';

/** Names in `cut`; a server that names more has something else in mind. */
const MOST_CUT = 40;

const MOST_NAMES = 100;

const ADDRESS_FIELDS = ['nasIpAddress', 'nasIpv6Address', 'packetSourceIp'] as const;
/** The addresses that stand for none. */
const NO_MACHINE = /^(?:0\.0\.0\.0|[0:]+)$/;

const METHODS: readonly AuthenticationMethod[] = ['mab', 'eap-tls', 'site', 'none'];

const REQUEST_FIELDS = [
  'userName',
  'callingStationId',
  ...NAS_LOCATION_FIELDS,
  'serviceType',
  'acctSessionId',
  'acctMultiSessionId',
  'eapType',
] as const satisfies readonly (keyof AccessRequest)[];

const CERTIFICATE_TEXTS = ['subjectAltName', 'subject', 'issuer', 'serial', 'notAfter'] as const;
const CERTIFICATE_LISTS = ['sanUri', 'sanDns', 'sanEmail', 'sanUpn'] as const;

/** @throws RequestError naming the field at fault */
export function readAccessRequest(body: string): AccessRequest {
  const fields = objectIn(parseJsonBody(body), 'body');
  const whole = texts(fields, REQUEST_FIELDS, '');
  const cut = [...new Set([...readCut(fields['cut']), ...ADDRESS_FIELDS.filter((name) => isNoAddress(whole[name]))])];
  const request = Object.fromEntries(Object.entries(whole).filter(([name]) => !cut.includes(name))) as typeof whole;
  const certificate = withoutCut(readCertificate(fields['certificate']), cut);
  const given = nameList(fields['ciscoAvPairs'], 'ciscoAvPairs');
  const ciscoAvPairs = Array.isArray(fields['ciscoAvPairs']) ? given : given.flatMap(separatePairs);
  const ssids = [...new Set([...nameList(fields['ssid'], 'ssid'), ...ssidsInPairs(ciscoAvPairs)])];
  return {
    ...withCanonicalAddresses(request),
    ...(ciscoAvPairs.length > 0 && { ciscoAvPairs }),
    ...(ssids.length > 0 && { ssids }),
    ...(certificate && { certificate }),
    ...(cut.length > 0 && { cut }),
    method: readMethod(fields['method']) ?? impliedMethod(request, certificate, cut),
  };
}

/** What should be an address and is none is unknown, not absent: another address must not be taken in its place. */
function isNoAddress(text: string | undefined): boolean {
  return text !== undefined && canonicalAddress(text) === undefined && !NO_MACHINE.test(text.trim());
}

/** Joined by commas where the server cannot make a list. */
function readCut(value: unknown): string[] {
  const names = nameList(value, 'cut').flatMap((name) => name.split(','));
  const cut = [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))];
  if (cut.length > MOST_CUT) throw fieldError('cut', `names more than ${MOST_CUT} fields`);
  return cut;
}

/** Names are judged together: with one unknown, none of the others counts. Issuer and serial number are no names. */
function withoutCut(certificate: CertificateNames | undefined, cut: readonly string[]): CertificateNames | undefined {
  const { issuer, serial, ...names } = certificate ?? {};
  const whole = {
    ...(issuer !== undefined && !cut.includes('certificate.issuer') && { issuer }),
    ...(serial !== undefined && !cut.includes('certificate.serial') && { serial }),
  };
  if (!cut.some(isNameOfCertificate)) {
    return certificate && { ...names, ...whole };
  }
  const { notAfter } = names;
  return { ...whole, ...(notAfter !== undefined && { notAfter }), cut: true };
}

/** What the attributes say where the asker does not: RFC 2865 5.6 Call Check is the sign of MAB. */
function impliedMethod(
  request: Partial<AccessRequest>,
  certificate: CertificateNames | undefined,
  cut: readonly string[],
): AuthenticationMethod {
  if (certificate || /^((eap-)?tls|13)$/i.test(request.eapType ?? '')) return 'eap-tls';
  if (request.eapType || cut.includes('eapType')) return 'none';
  return /^(call-check|10)$/i.test(request.serviceType ?? '') ? 'mab' : 'none';
}

function readMethod(value: unknown): AuthenticationMethod | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const method = METHODS.find((known) => known === value);
  if (method === undefined) throw fieldError('method', `must be one of ${METHODS.join(', ')}`);
  return method;
}

function readCertificate(value: unknown): CertificateNames | undefined {
  if (value === undefined || value === null) return undefined;
  const fields = objectIn(value, 'certificate');
  const [commonName, ...furtherCommonNames] = nameList(fields['commonName'], 'certificate.commonName');
  const certificate = {
    ...texts(fields, CERTIFICATE_TEXTS, 'certificate.'),
    ...(commonName !== undefined && { commonName }),
    ...(furtherCommonNames.length > 0 && { furtherCommonNames }),
    ...Object.fromEntries(
      CERTIFICATE_LISTS.flatMap((name) => {
        const names = nameList(fields[name], `certificate.${name}`);
        return names.length > 0 ? [[name, names]] : [];
      }),
    ),
  };
  if (Object.keys(certificate).length === 0) return undefined;
  // Sent and empty is not the same as not sent: beside names that are there it means that one of them was cut.
  return fields['subjectAltName'] === '' ? { ...certificate, subjectAltName: '' } : certificate;
}

/**
 * Cisco's access points name the SSID in a pair `ssid=…` (IOS: radius-server vsa send authentication), controllers in
 * `cisco-wlan-ssid=…`.
 */
function ssidsInPairs(pairs: readonly string[]): string[] {
  return pairs.flatMap((pair) => /^(?:cisco-wlan-)?ssid=(.+)$/is.exec(pair)?.[1] ?? []);
}

/** One text stands for a list of one, since an unlang expansion can only give text. */
function nameList(value: unknown, field: string): string[] {
  if (Array.isArray(value)) {
    if (value.length > MOST_NAMES) throw fieldError(field, `holds more than ${MOST_NAMES} names`);
    return value.flatMap((name) => text(name, field) ?? []);
  }
  const single = text(value, field);
  return single === undefined ? [] : [single];
}
