// How long the app's credential is valid. Without a valid one the app reads nothing from Microsoft.

import type { CredentialStatus } from './credential-status.ts';

const DAY_MS = 86_400_000;

export type Urgency = 'fine' | 'soon' | 'now';

export interface DaysLeft {
  /** Whole days; negative when it is over. */
  readonly days: number;
  /** `soon` within 30 days, `now` within 7. */
  readonly urgency: Urgency;
}

/** `undefined` when nothing expires, or the end is not known. */
export function credentialExpiry({ expiresAt }: CredentialStatus, now: Date): DaysLeft | undefined {
  if (expiresAt === undefined) return undefined;
  const days = Math.floor((expiresAt.getTime() - now.getTime()) / DAY_MS);
  return { days, urgency: days < 7 ? 'now' : days < 30 ? 'soon' : 'fine' };
}
