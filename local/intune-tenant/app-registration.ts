// What the simulated tenant knows about itself and about the one application registered in it.

import { X509Certificate } from 'node:crypto';
import { LocalError } from '../local-error.ts';

export interface AppRegistration extends RegisteredCredentials {
  readonly tenantId: string;
  readonly clientId: string;
}

/** What an administrator may change while the tenant runs. */
export interface RegisteredCredentials {
  readonly secrets: readonly ClientSecret[];
  /** Certificates uploaded to the registration, in PEM: during a rollover there are several. */
  readonly certificates: readonly string[];
  readonly federatedCredentials: readonly FederatedCredential[];
  /**
   * Application permissions granted by the administrator, per API. New tokens carry them; old ones stay as they are.
   */
  readonly roles: { readonly graph: readonly string[]; readonly intune: readonly string[] };
}

export interface ClientSecret {
  readonly value: string;
  /** ISO 8601; never when left out. */
  readonly expires?: string;
}

/** Who may stand in for the application: the issuer, the subject and the audience of an assertion, letter by letter. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

export class RegistrationError extends LocalError {}

export function isTenant(registration: AppRegistration, tenant: string): boolean {
  return tenant.toLowerCase() === registration.tenantId.toLowerCase();
}

/** The registration with these parts replaced; a part that is not named stays as it is. */
export function changedRegistration(
  registration: AppRegistration,
  change: Readonly<Record<string, unknown>>,
): AppRegistration {
  for (const [name, value] of Object.entries(change)) {
    const fits = CHECKS[name];
    if (fits === undefined) {
      throw new RegistrationError(`the registration has no '${name}': use ${Object.keys(CHECKS).join(', ')}`);
    }
    if (!fits.check(value)) {
      throw new RegistrationError(`${name} must be ${fits.shape}`);
    }
  }
  return { ...registration, ...change };
}

const text = (value: unknown): value is string => typeof value === 'string' && value !== '';
const record = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown, check: (entry: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(check);

const CHECKS: Readonly<Record<string, { readonly shape: string; check(value: unknown): boolean }>> = {
  secrets: {
    shape: 'a list such as [{"value":"...","expires":"2027-01-01T00:00:00Z"}]',
    check: (value) =>
      listOf(
        value,
        (entry) =>
          record(entry) &&
          text(entry['value']) &&
          (entry['expires'] === undefined || !Number.isNaN(Date.parse(String(entry['expires'])))),
      ),
  },
  certificates: {
    shape: 'a list of certificates in PEM',
    check: (value) => listOf(value, (entry) => text(entry) && isCertificate(entry)),
  },
  federatedCredentials: {
    shape: 'a list of at most 20 such as [{"issuer":"...","subject":"...","audience":"..."}]',
    check: (value) =>
      listOf(value, (entry) => record(entry) && ['issuer', 'subject', 'audience'].every((name) => text(entry[name]))) &&
      Array.isArray(value) &&
      value.length <= 20,
  },
  roles: {
    shape: 'an object such as {"graph":["Device.Read.All"],"intune":[]}',
    check: (value) => record(value) && listOf(value['graph'], text) && listOf(value['intune'], text),
  },
};

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).publicKey.type === 'public';
  } catch {
    return false;
  }
}
