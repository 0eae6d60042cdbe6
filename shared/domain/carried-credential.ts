// What a request carries to say who asks; nothing of it is proven yet.

/** An access token of Microsoft Entra, as it came: perhaps it is none. */
export interface BearerToken {
  readonly bearer: string;
}

/** A client's API key, a person's token, or nothing. */
export type Credential = string | BearerToken | null;
