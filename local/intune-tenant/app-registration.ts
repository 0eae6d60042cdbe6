/** What the simulated tenant knows about itself and about the one application registered in it. */

export interface AppRegistration {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clientCertificatePem: string | undefined;
  /** Application permissions granted by the administrator, per API. */
  readonly roles: { readonly graph: readonly string[]; readonly intune: readonly string[] };
}

export function isTenant(registration: AppRegistration, tenant: string): boolean {
  return tenant.toLowerCase() === registration.tenantId.toLowerCase();
}
