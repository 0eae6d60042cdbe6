// Where versions of a document and the history of their activations are kept.

import type { Instant } from '../domain/instant.ts';
import type { ActivationState } from '../domain/version-activation.ts';
import type { CallOptions } from './call-options.ts';

/** Versions of one document, and which of them is in force. */
export interface VersionStore {
  readState(options?: CallOptions): Promise<{ readonly state: ActivationState; readonly etag?: string }>;
  /** False when another writer was first. */
  writeState(state: ActivationState, etag: string | undefined): Promise<boolean>;
  /** False when there is a version of that name already. */
  createVersion(version: StoredVersion): Promise<boolean>;
  readVersion(version: string, options?: CallOptions): Promise<StoredVersion | undefined>;
  /** Newest first. */
  listVersions(): Promise<VersionSummary[]>;
}

export interface VersionSummary {
  readonly version: string;
  readonly createdAt: Instant;
  /** Name of the client, or of the operator's login, that brought it. */
  readonly by: string;
}

export interface StoredVersion extends VersionSummary {
  readonly text: string;
}
