// The audit: who changed what through the connector, when and why. Entries are added, never changed.

import type { Instant } from './instant.ts';

export const AUDIT_ACTIONS = [
  'make-override',
  'end-override',
  'reauthenticate',
  'disconnect',
  'refresh-device',
  'sweep-now',
  'resend-job',
  'release-held',
  'refuse-held',
  'upload-policy',
  'upload-mac-list',
  'activate-policy',
  'roll-back-policy',
  'upload-sources',
  'activate-sources',
  'roll-back-sources',
  'create-client',
  'rotate-key',
  'retire-older-key',
  'revoke-client',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Characters that a reason may have. */
export const LONGEST_REASON = 500;

export interface AuditEntry {
  readonly at: Instant;
  /** Name of the client, object id of the person, or the identity that Azure signed in at the command line. */
  readonly by: string;
  /** Of a person: the name at that time, for people to read. Another person may have the same. */
  readonly byName?: string;
  /** Where it came from: a client's key, a person who had signed in, or the command line. */
  readonly from: 'api' | 'sign-in' | 'command-line';
  readonly action: AuditAction;
  /** A device, job, run, override, version, list or client. */
  readonly target: string;
  /** The site it is about; absent where it is about every site. */
  readonly site?: string;
  readonly reason?: string;
}
