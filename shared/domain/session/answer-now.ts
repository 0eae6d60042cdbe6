// The answer that a session would get if it asked at this moment.

import type { DeviceKey } from '../device/device.ts';
import type { Identity } from '../identity/identity.ts';
import type { Instant } from '../instant.ts';
import type { Outcome, Standing } from '../policy/decision.ts';

export interface AnswerNow {
  readonly outcome: Outcome;
  readonly standing: Standing;
  readonly rule: string;
  /** Id of the override that decided in place of policy. */
  readonly override?: string;
  /** What the answer rests on: the device at a version, if one was found. */
  readonly device?: DeviceKey & { readonly version: number; readonly observedAt: Instant };
  /** Where a contradiction would change the answer: identities that contradict once another device holds them. */
  readonly beside?: readonly Identity[];
}
