// With what the app proves itself to Microsoft Entra.

export type AppCredential =
  | {
      readonly kind: 'secret';
      readonly secret: string;
      /** ISO 8601, where the operator has set it: Entra does not say it to the app itself. */
      readonly expiresAt?: string;
    }
  | {
      readonly kind: 'certificates';
      /** Several during a rollover. */
      readonly certificates: readonly CertificateLocation[];
      /** Of PFX files and of encrypted PEM keys. */
      readonly password?: string;
    }
  /** A token of the managed identity stands in for a certificate: nothing to keep secret, nothing that expires. */
  | { readonly kind: 'managed-identity'; readonly clientId: string; readonly audience: string };

/** Text (PEM, or PFX in base64, as Key Vault gives it) or a file (PEM or PFX), and the setting that names it. */
export type CertificateLocation =
  | { readonly setting: string; readonly text: string }
  | { readonly setting: string; readonly file: string };
