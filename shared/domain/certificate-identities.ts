// Every identity a verified client certificate holds, strongest first.

import type { CertificateNames } from './access-request.ts';
import { type CertificateProblem, readCertificateDeviceId } from './certificate-device-id.ts';
import { computerNames } from './computer-name.ts';
import type { IdentityKind, PresentedIdentity } from './identity.ts';
import { bareGuid, type PrefixedDeviceId, prefixedDeviceId } from './prefixed-device-id.ts';
import { dnsAndUpnNames } from './san-text.ts';

/** What the certificate says about itself that does not fit together. */
export type CertificateContradiction =
  /** Common name and SAN carry ids of two devices; the SAN counts. */
  'cn-contradicts-san';

export interface CertificateIdentities {
  readonly identities: readonly PresentedIdentity[];
  readonly problems: readonly (CertificateProblem | CertificateContradiction)[];
}

/** The names that a certificate authority vouches for without a doubt, read out one by one. */
type SingleName = readonly [text: string, origin: string];

/**
 * - an id with its MDM's prefix in a SAN URI, else in the common name
 * - else a bare GUID in common name, SAN DNS or SAN URI: an Intune device id, else an Entra device id
 * - else a computer's name: common name (`LT-0042`, with domain, `host/…`, `DOMAIN\LT-0042$`), SAN DNS, SAN UPN of a computer;
 *   the common name also as serial number, IMEI, MEID or UDID, which Intune can write there
 *
 * A certificate whose SAN is ambiguous or contradicting identifies nothing: somebody tampers with it, or nobody checked.
 */
export function certificateIdentities(certificate: CertificateNames | undefined): CertificateIdentities {
  const san = readCertificateDeviceId(certificate);
  const inName = prefixedDeviceId(certificate?.commonName ?? '');
  if (san.deviceId !== undefined) {
    const contradicts = inName !== undefined && !sameDevice(inName, san);
    return { identities: [prefixed(san, 'SAN URI')], problems: contradicts ? ['cn-contradicts-san'] : [] };
  }
  if (certificate === undefined || !mayTryOthers(san.problem)) return { identities: [], problems: [san.problem] };
  const byId = inName ? [prefixed(inName, 'CN')] : bareIds(certificate);
  const identities = byId.length > 0 ? byId : names(certificate);
  const problems = identities.length === 0 || san.problem === 'san-truncated' ? [san.problem] : [];
  return { identities: withoutRepetitions(identities), problems };
}

function mayTryOthers(problem: CertificateProblem): boolean {
  return problem === 'san-without-device-id' || problem === 'san-truncated';
}

function prefixed({ source, deviceId }: PrefixedDeviceId, origin: string): PresentedIdentity {
  return {
    kind: 'deviceId',
    value: deviceId,
    assurance: 'certificate-guid',
    origin,
    ...(source !== 'intune' && { source }),
  };
}

function sameDevice(a: PrefixedDeviceId, b: PrefixedDeviceId): boolean {
  return a.source === b.source && a.deviceId === b.deviceId;
}

function bareIds(certificate: CertificateNames): PresentedIdentity[] {
  const { commonName, sanUri = [] } = certificate;
  const places: SingleName[] = [
    ...sanUri.map((uri): SingleName => [uri, 'SAN URI']),
    // Some profiles append a domain, since a DNS name wants one.
    ...dnsAndUpnNames(certificate).dns.map((name): SingleName => [name.split('.')[0] ?? '', 'SAN DNS']),
    [commonName ?? '', 'CN'],
  ];
  return places.flatMap(([text, origin]) => {
    const value = bareGuid(text);
    if (value === undefined) return [];
    const kinds: IdentityKind[] = ['deviceId', 'entraDeviceId'];
    return kinds.map((kind): PresentedIdentity => ({ kind, value, assurance: 'certificate-guid', origin }));
  });
}

function names(certificate: CertificateNames): PresentedIdentity[] {
  const { commonName = '' } = certificate;
  const { dns, upn } = dnsAndUpnNames(certificate);
  const places: SingleName[] = [
    [commonName, 'CN'],
    ...dns.map((name): SingleName => [name, 'SAN DNS']),
    // A user principal name with a dollar sign is a computer's.
    ...upn.filter((name) => /^[^@]+\$(?:@|$)/.test(name)).map((name): SingleName => [name, 'SAN UPN']),
  ];
  return [
    ...places.flatMap(([text, origin]) => computerNames(text).map((value) => named('name', value, origin))),
    ...hardwareKinds(commonName).map((kind) => named(kind, commonName.trim().toLowerCase(), 'CN')),
  ];
}

/** Which of Intune's hardware identifiers the text could be, by its form. */
function hardwareKinds(text: string): IdentityKind[] {
  const value = text.trim();
  if (bareGuid(value)) return [];
  if (/^\d{15}$/.test(value)) return ['imei', 'serialNumber'];
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{8}-[0-9a-f]{16})$/i.test(value)) return ['udid'];
  if (/^[0-9a-f]{14}$/i.test(value)) return ['meid', 'serialNumber'];
  return /^[a-z0-9-]{5,64}$/i.test(value) ? ['serialNumber'] : [];
}

function named(kind: IdentityKind, value: string, origin: string): PresentedIdentity {
  return { kind, value, assurance: 'certificate-name', origin };
}

function withoutRepetitions(identities: readonly PresentedIdentity[]): PresentedIdentity[] {
  const first = new Map<string, PresentedIdentity>();
  for (const identity of identities) {
    const text = `${identity.kind}|${identity.value}`;
    if (!first.has(text)) first.set(text, identity);
  }
  return [...first.values()].slice(0, MOST_IDENTITIES);
}

/** A certificate may hold a hundred DNS names; a device has a handful. */
const MOST_IDENTITIES = 10;
