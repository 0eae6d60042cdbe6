// A token of Entra for one audience.

export interface AccessToken {
  readonly token: string;
  /** `undefined` when nobody said. */
  readonly expiresAt: Date | undefined;
}
