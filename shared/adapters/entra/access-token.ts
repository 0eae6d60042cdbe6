// A token of Entra for one audience.

export interface AccessToken {
  readonly token: string;
  /** `undefined` where the answer does not say. */
  readonly expiresAt: Date | undefined;
}
