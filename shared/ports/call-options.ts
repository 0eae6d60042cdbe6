// Ends what has taken too long.

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Ask the store itself, even where memory has an answer that is young enough otherwise. */
  readonly fresh?: boolean;
}
