// Where versions of policy.yaml and the history of their activations are kept.

import type { Instant } from '../domain/instant.ts';
import type { PolicyState } from '../domain/policy/policy-activation.ts';
import type { CallOptions } from './call-options.ts';

/** Versions of policy.yaml, and which of them is in force. */
export interface PolicyStore {
  readState(options?: CallOptions): Promise<{ readonly state: PolicyState; readonly etag?: string }>;
  /** False when another writer was first. */
  writeState(state: PolicyState, etag: string | undefined): Promise<boolean>;
  /** False when there is a version of that name already. */
  createVersion(version: PolicyVersion): Promise<boolean>;
  readVersion(version: string, options?: CallOptions): Promise<PolicyVersion | undefined>;
  /** Newest first. */
  listVersions(): Promise<PolicyVersionSummary[]>;
}

export interface PolicyVersionSummary {
  readonly version: string;
  readonly createdAt: Instant;
  /** Name of the client, or of the operator's login, that brought it. */
  readonly by: string;
}

export interface PolicyVersion extends PolicyVersionSummary {
  readonly text: string;
}
