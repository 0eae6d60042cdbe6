// Finds the MDM's device id in the URI names of a client certificate, and refuses names that could be forged.

import type { CertificateNames } from './access-request.ts';
import { CERTIFICATE_SOURCE } from './certificate-source.ts';
import { DEVICE_ID_FORMS, type PrefixedDeviceId, prefixedDeviceId } from './prefixed-device-id.ts';
import { isCutAtNul, mayHideForgery, SAN_TEXT_LIMIT_BYTES, singleNames } from './san-text.ts';

export type CertificateProblem =
  /** EAP-TLS, but no names: a resumed TLS session, or a server that does not send them. */
  | 'certificate-missing'
  /** Names are there, none of them carries a device id. */
  | 'san-without-device-id'
  /** A name holds characters that let it pose as another name, so the text as a whole proves nothing. */
  | 'san-ambiguous'
  /** Several device ids in one certificate, which no one device has. */
  | 'san-contradicting'
  /** The names, or a text of them, were cut by the RADIUS server before a device id was found. */
  | 'san-truncated'
  /** A name holds a NUL, behind which the server shows nothing: what is left of it is no name. */
  | 'name-cut';

export type CertificateReading =
  | (PrefixedDeviceId & {
      readonly problem?: undefined;
      /** Another of Intune's own: one device has an Intune id and an Entra id, so both may be of one. */
      readonly second?: PrefixedDeviceId;
    })
  | { readonly deviceId?: undefined; readonly problem: CertificateProblem };

/** Reads the device id out of the certificate's URI names. Never throws. */
export function readCertificateDeviceId(certificate: CertificateNames | undefined): CertificateReading {
  if (certificate?.cut) return { problem: 'san-truncated' };
  if (certificate === undefined || !hasNames(certificate)) return { problem: 'certificate-missing' };
  if (certificate.sanUri?.length) return chooseOne(certificate.sanUri.flatMap(deviceIdsInUri));
  if (isCutAtNul(certificate)) return { problem: 'name-cut' };
  const text = certificate.subjectAltName ?? '';
  if (mayHideForgery(text, certificate)) return { problem: 'san-ambiguous' };
  const reading = chooseOne(deviceIdsInText(text));
  if (reading.problem === 'san-without-device-id' && Buffer.byteLength(text) >= SAN_TEXT_LIMIT_BYTES)
    return { problem: 'san-truncated' };
  return reading;
}

/** A resumed TLS session may still bring serial number and issuer; without a name they identify nothing here. */
function hasNames({ subjectAltName, commonName, ...certificate }: CertificateNames): boolean {
  return Boolean(subjectAltName || commonName || certificate.sanUri?.length || singleNames(certificate).length > 0);
}

/** The ids that the text shows, genuine or forged: only another name of the certificate can confirm one. */
export function deviceIdsShown({ subjectAltName = '' }: CertificateNames): readonly PrefixedDeviceId[] {
  return deviceIdsInText(subjectAltName);
}

/** Microsoft's strong-mapping URI (`tag:microsoft.com,2022-09-14:sid:…`) may follow in the same value after a comma. */
function deviceIdsInUri(uri: string): PrefixedDeviceId[] {
  return ids(uri, new RegExp(`(?:^|,)(${DEVICE_ID_FORMS})(?=,|$)`, 'gi'));
}

/** In the joined text a name starts at the beginning or after `, `; a comma alone does not end one. */
function deviceIdsInText(text: string): PrefixedDeviceId[] {
  return ids(text, new RegExp(`(?:^|, )URI:(${DEVICE_ID_FORMS})(?=,|$)`, 'gi'));
}

function ids(text: string, pattern: RegExp): PrefixedDeviceId[] {
  return [...text.matchAll(pattern)].flatMap(([, name = '']) => prefixedDeviceId(name) ?? []);
}

/** An MDM that moves devices in from another leaves the other's URI in place: Intune's own counts first. */
function chooseOne(found: readonly PrefixedDeviceId[]): CertificateReading {
  const ofIntune = found.filter(({ source }) => source === CERTIFICATE_SOURCE);
  const counting = ofIntune.length > 0 ? ofIntune : found;
  const [first, second, ...others] = new Map(counting.map((id) => [`${id.source}|${id.deviceId}`, id])).values();
  if (first === undefined) return { problem: 'san-without-device-id' };
  if (second === undefined) return first;
  return others.length === 0 && ofIntune.length > 0 ? { ...first, second } : { problem: 'san-contradicting' };
}
