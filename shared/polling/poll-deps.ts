// What the sweep works with.

import type { AnswersDiffer } from '../domain/policy/answers-differ.ts';
import type { ChangeListener } from '../ports/change-listener.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeviceList } from '../ports/compliance-source.ts';
import type { IdentityStore } from '../ports/identity-store.ts';
import type { MdmSource } from '../ports/mdm-source.ts';
import type { Random } from '../ports/random.ts';
import type { SourceState } from '../ports/source-state.ts';
import type { Logger, Telemetry } from '../ports/telemetry.ts';
import type { Timer } from '../ports/timer.ts';
import type { MassChangeLimits } from './breaker/mass-change.ts';

export interface SweepDeps extends SourceState {
  /** Whether changes may go on being handed on; always, if left out. */
  readonly hasTime?: () => boolean;
  /** Aborted when the process ends: the slice stores how far it is and gives up its lease. */
  readonly stopping?: AbortSignal;
  readonly source: Pick<MdmSource, 'name' | 'devices'> & { readonly list: DeviceList };
  readonly identities: IdentityStore;
  readonly onChange: ChangeListener;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly log: Logger;
  readonly telemetry?: Telemetry | undefined;
}

export interface SweepLimits {
  readonly pollingIntervalMs: number;
  /** No page is asked for once this is over; the slice ends when those it has are saved. */
  readonly sliceBudgetMs: number;
  /**
   * After this a dead owner's sweep goes on elsewhere. Longer than the host lets a function run, so that an owner that
   * has lost the lease has been ended before.
   */
  readonly leaseMs: number;
  readonly massChange: MassChangeLimits;
  readonly answersDiffer: AnswersDiffer;
}
