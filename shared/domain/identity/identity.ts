// Identities: what a device can be recognised by, and how much a network may rely on it.

/** Kinds of identity a device holds. `deviceId` is the source's own id and needs no pointer. */
export const IDENTITY_KINDS = [
  'deviceId',
  'mac',
  'entraDeviceId',
  'name',
  'serialNumber',
  'imei',
  'meid',
  'udid',
] as const;
export type IdentityKind = (typeof IDENTITY_KINDS)[number];

/** One identity in comparable form: MAC addresses canonical, everything else trimmed and lower case. */
export interface Identity {
  readonly kind: IdentityKind;
  readonly value: string;
}

/**
 * How sure an identity makes us, strongest first. A certificate was issued to one device and proven with its private
 * key; a bare id in a common name or DNS name stands where templates let people choose; a name can be reused; a
 * computer account was authenticated by the site; what VPN client software reports of its device is claimed, but not
 * seen by neighbours; a MAC address is only what the station claims, and is in the air.
 */
export const ASSURANCES = [
  'certificate-guid',
  'certificate-bare-guid',
  'certificate-name',
  'computer-account',
  'client-claim',
  'mac',
] as const;
export type Assurance = (typeof ASSURANCES)[number];

/** Those of an identity that a certificate vouches for. */
export function isOfCertificate(assurance: Assurance): boolean {
  return assurance.startsWith('certificate-');
}

/** The given one and all that are surer. */
export function assurancesFrom(least: Assurance): readonly Assurance[] {
  return ASSURANCES.slice(0, ASSURANCES.indexOf(least) + 1);
}

/** An identity as a request presented it. */
export interface PresentedIdentity extends Identity {
  readonly assurance: Assurance;
  /** Where in the request it stood, in the field's own terms, e.g. `SAN URI` or `Calling-Station-Id`. */
  readonly origin: string;
  /** The MDM whose id a `deviceId` is; absent where it is that of the usual certificates. */
  readonly source?: string;
  /** A record, found by this or another identity, counts only if it has this id, too. */
  readonly required?: true;
  /** It stands beside a surer id and leads to no device; if it is another device's, that is a contradiction. */
  readonly beside?: true;
}

/** What a search finds a device by, beside what identifies it: no lookup takes it for an identity. */
export const SEARCH_KINDS = ['user', 'macEnd'] as const;

/** What leads to the devices that hold it: an identity, or something that people search for. */
export interface Pointer {
  readonly kind: IdentityKind | (typeof SEARCH_KINDS)[number];
  readonly value: string;
}

export function identityText(identity: Pointer): string {
  return `${identity.kind}|${identity.value}`;
}
