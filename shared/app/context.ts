// What every part of the app is opened with.

import type { IntuneAccess } from '../adapters/intune/open-intune-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { Settings } from '../settings.ts';

/** Source whose device ids certificates carry. */
export const CERTIFICATE_SOURCE = 'intune';

export interface Context {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Opened on first use, once per process: what is signed in with is shared. */
  readonly intune: () => Promise<IntuneAccess>;
  /** What close() calls, in this order. */
  readonly closing: (() => Promise<void>)[];
}
