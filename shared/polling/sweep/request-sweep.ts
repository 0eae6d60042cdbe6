// Has the next tick of the poll begin a sweep, without waiting for the interval.

import { StoreError } from '../../errors.ts';
import type { SweepStore } from '../../ports/sweep-store.ts';

/** @returns false when a sweep is under way, which may have read the first devices too early: to be asked again */
export async function requestSweep(sweeps: Pick<SweepStore, 'read' | 'write'>): Promise<boolean> {
  const { state, etag } = await sweeps.read();
  if (state.run !== undefined || state.owner !== undefined) return false;
  const { lastStartedAt, ...due } = state;
  try {
    await sweeps.write(due, etag);
    return true;
  } catch (thrown) {
    if (thrown instanceof StoreError && thrown.code === 'NAC_POLL_LEASE_LOST') return false;
    throw thrown;
  }
}
