// Every identity a verified client certificate holds, strongest first.

import { bareGuid, compactGuid, plainGuid } from '../guid-forms.ts';
import type { CertificateNames } from './access-request.ts';
import { type CertificateProblem, deviceIdsShown, readCertificateDeviceId } from './certificate-device-id.ts';
import { namedIdentities } from './certificate-name-identities.ts';
import { CERTIFICATE_SOURCE } from './certificate-source.ts';
import { commonNames } from './common-names.ts';
import type { Assurance, PresentedIdentity } from './identity.ts';
import { kindsOfId, type PrefixedDeviceId, prefixedDeviceId } from './prefixed-device-id.ts';
import { sanNames } from './san-text.ts';

export interface CertificateIdentities {
  readonly identities: readonly PresentedIdentity[];
  readonly problems: readonly CertificateProblem[];
}

/** A certificate may hold a hundred DNS names; a device has a handful. */
const MOST_IDENTITIES = 10;
/** Two ids, each as Intune's and as Entra's. */
const MOST_BESIDE = 4;

/**
 * - an id with its MDM's prefix in a SAN URI, else in a common name
 * - else a bare GUID in SAN URI, SAN DNS, SAN UPN, SAN email or a common name; one without hyphens may be a name as
 *   well
 * - else a computer's name, address or hardware number
 *
 * An id of Intune's is an Intune device id, else an Entra device id. A certificate whose SAN is ambiguous or
 * contradicting identifies nothing, unless its common name confirms the id: it may be forged, or was issued without a
 * check.
 * @param domains of computers, where they are declared
 */
export function certificateIdentities(
  certificate: CertificateNames | undefined,
  domains?: readonly string[],
): CertificateIdentities {
  const san = readCertificateDeviceId(certificate);
  const { names, cut } = commonNames(certificate ?? {});
  const cutProblem: CertificateProblem[] = cut ? ['name-cut'] : [];
  const inName = names.map(prefixedDeviceId).find((id) => id !== undefined);
  if (san.deviceId !== undefined) {
    const identities = ofSeveral(san, inName);
    return { identities: [...identities, ...idsBeside(certificate, names, identities)], problems: cutProblem };
  }
  if (certificate === undefined || certificate.cut) return { identities: [], problems: [san.problem] };
  if (!mayTryOthers(san.problem)) {
    const identities = san.problem === 'san-ambiguous' ? confirmed(certificate, names) : [];
    return { identities, problems: [...new Set([san.problem, ...cutProblem])] };
  }
  const byId = inName ? prefixed(inName, 'CN') : bareIds(certificate, names, plainGuid);
  const identities =
    byId.length > 0
      ? byId
      : [...bareIds(certificate, names, compactGuid), ...namedIdentities(names, sanNames(certificate), domains)];
  const problem = identities.length === 0 || san.problem === 'san-truncated' ? [san.problem] : [];
  return { identities: withoutRepetitions(identities), problems: [...problem, ...cutProblem] };
}

function mayTryOthers(problem: CertificateProblem): boolean {
  return problem === 'san-without-device-id' || problem === 'san-truncated';
}

/** Whether several ids are of one device only its record can say: those of the SAN must all be, else nothing counts. */
function ofSeveral(
  { second, ...first }: PrefixedDeviceId & { readonly second?: PrefixedDeviceId },
  inName: PrefixedDeviceId | undefined,
): PresentedIdentity[] {
  const inSan = second ? [first, second] : [first];
  const other = inName !== undefined && !inSan.some((id) => sameDevice(inName, id)) ? [inName] : [];
  const alone = inSan.length + other.length === 1;
  return [
    ...inSan.flatMap((id) => prefixed(id, 'SAN URI')).map((id) => (alone ? id : { ...id, required: true as const })),
    ...other.flatMap((id) => prefixed(id, 'CN')),
  ];
}

/**
 * Ids without prefix in all other names. Many are of the same device, of its user or of nothing: only the store knows.
 */
function idsBeside(
  certificate: CertificateNames | undefined,
  names: readonly string[],
  identities: readonly PresentedIdentity[],
): PresentedIdentity[] {
  const known = new Set(identities.map(({ value }) => value));
  const others = bareIds(certificate ?? {}, names, plainGuid).filter(({ value }) => !known.has(value));
  return withoutRepetitions(others)
    .slice(0, MOST_BESIDE)
    .map((identity) => ({ ...identity, beside: true as const }));
}

function prefixed(id: PrefixedDeviceId, origin: string): PresentedIdentity[] {
  return kindsOfId(id).map((kind) => ({
    kind,
    value: id.deviceId,
    assurance: 'certificate-guid',
    origin,
    ...(id.source !== CERTIFICATE_SOURCE && { source: id.source }),
  }));
}

function sameDevice(a: PrefixedDeviceId, b: PrefixedDeviceId): boolean {
  return a.source === b.source && a.deviceId === b.deviceId;
}

/** What the SAN shows may be forged; what a common name says too is at least as sure as that common name. */
function confirmed(certificate: CertificateNames, names: readonly string[]): PresentedIdentity[] {
  const ids = names.flatMap((name) => prefixedDeviceId(name)?.deviceId ?? bareGuid(name) ?? []);
  const both = deviceIdsShown(certificate).find(
    ({ source, deviceId }) => source === CERTIFICATE_SOURCE && ids.includes(deviceId),
  );
  return both === undefined ? [] : guid(both.deviceId, 'CN', 'certificate-bare-guid');
}

function bareIds(
  certificate: CertificateNames,
  names: readonly string[],
  read: (text: string) => string | undefined,
): PresentedIdentity[] {
  const { uri, dns, upn, email } = sanNames(certificate);
  // Some profiles append a domain, since a DNS name wants one, and a UPN cannot be without.
  const before = (separator: string) => (name: string) => name.split(separator, 1)[0] ?? '';
  const guids = (texts: readonly string[], origin: string, assurance: Assurance): PresentedIdentity[] =>
    texts.flatMap(read).flatMap((value) => (value === undefined ? [] : guid(value, origin, assurance)));
  return [
    ...guids(uri, 'SAN URI', 'certificate-guid'),
    ...guids(dns.map(before('.')), 'SAN DNS', 'certificate-bare-guid'),
    ...guids(upn.map(before('@')), 'SAN UPN', 'certificate-bare-guid'),
    ...guids(email.map(before('@')), 'SAN email', 'certificate-bare-guid'),
    ...guids(names.map(before('.')), 'CN', 'certificate-bare-guid'),
  ];
}

function guid(value: string, origin: string, assurance: Assurance): PresentedIdentity[] {
  return (['deviceId', 'entraDeviceId'] as const).map((kind) => ({ kind, value, assurance, origin }));
}

function withoutRepetitions(identities: readonly PresentedIdentity[]): PresentedIdentity[] {
  const first = new Map<string, PresentedIdentity>();
  for (const identity of identities) {
    const text = `${identity.kind}|${identity.value}`;
    if (!first.has(text)) first.set(text, identity);
  }
  return [...first.values()].slice(0, MOST_IDENTITIES);
}
