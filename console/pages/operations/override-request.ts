// The body of POST /api/overrides from what a person typed. The API decides whether it can be.

import type { Described } from '../../../shared/http/schema.ts';
import type { OVERRIDE_REQUEST } from '../../../shared/http/schemas/override.ts';

export interface TypedOverride {
  readonly kind: 'mac' | 'device' | 'user' | 'certificate';
  readonly about: string;
  /** Of a certificate. */
  readonly issuer: string;
  readonly effect: 'block' | 'role';
  readonly role: string;
  readonly until: string;
  /** Empty for every site. */
  readonly site: string;
}

export function overrideRequest(typed: TypedOverride, reason: string): Described<typeof OVERRIDE_REQUEST> {
  const { kind, effect } = typed;
  const [about, issuer, role, site] = [typed.about, typed.issuer, typed.role, typed.site].map((text) => text.trim());
  const certificate = { serial: about ?? '', ...(issuer !== '' && { issuer: issuer ?? '' }) };
  return {
    ...(kind === 'certificate' ? { certificate } : { [kind]: about }),
    ...(effect === 'block' ? { block: true as const } : { role: role ?? '' }),
    until: typed.until.trim(),
    ...(site !== '' && { site: site ?? '' }),
    reason,
  };
}
