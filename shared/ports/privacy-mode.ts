// How much of a station's address or of a user name logs may show, as a setting says it.

/**
 * - `Static`: a constant, nothing at all
 * - `Original`: as it is
 * - `VendorHashed`, `VendorKeyHashed`: the vendor part (OUI) in clear, the rest hashed, without or with a key
 * - `FullyHashed`, `FullyKeyHashed`: everything hashed, without or with a key
 *
 * Only the keyed modes withstand trying all addresses; with the same key, hashes compare across log lines.
 */
export const PRIVACY_MODES = [
  'Static',
  'Original',
  'VendorHashed',
  'VendorKeyHashed',
  'FullyHashed',
  'FullyKeyHashed',
] as const;
export type PrivacyMode = (typeof PRIVACY_MODES)[number];
