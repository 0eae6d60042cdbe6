// Wires what reads single devices in the background: devices of sessions that rest on no record, and, with the least
// permission, everything that takes the place of the sweep.

import { sourceState } from '../adapters/table-storage/source-state.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import { TableSessionStore } from '../adapters/table-storage/table-session-store.ts';
import { addMilliseconds, toInstant } from '../domain/instant.ts';
import type { Session } from '../domain/session/session.ts';
import { toConnectorError } from '../errors.ts';
import { keepServiceAddress, SERVICE_ADDRESS_TASK } from '../polling/between-sweeps/service-address.ts';
import { applyReleases } from '../polling/breaker/release-held.ts';
import { pointReadsByGraph, pointReadsByRetrieval } from '../polling/point-reads/point-reads.ts';
import { type RefreshedDevice, refreshDevice } from '../polling/point-reads/refresh-device.ts';
import { storeLiveDevices } from '../polling/point-reads/store-live-devices.ts';
import { redispatchPending } from '../polling/records/dispatch-changes.ts';
import type { SliceResult } from '../polling/sweep/sweep.ts';
import { pollNoncompliant } from '../polling/without-sweep/poll-noncompliant.ts';
import { refreshAuthenticated } from '../polling/without-sweep/refresh-authenticated.ts';
import type { ChangeListener } from '../ports/change-listener.ts';
import { TokenBucket } from '../token-bucket.ts';
import { CERTIFICATE_SOURCE, type Context } from './context.ts';
import { answersInForce } from './open-policy-source.ts';

/** Of the time a function may run, each part of a tick. */
const BUDGET_SHARE = 0.2;
/** Of that time, all parts together: after it no further changes are handed on, and no further part is begun. */
const TICK_SHARE = 0.6;
/** Longer than a function may run: an instance that still runs has its lease. */
const LEASE_SHARE = 1.5;
/** Devices that operators have read at once, by this process. */
const REFRESH_QUOTA = { capacity: 20, perSecond: 1 };

export async function openPointReads(
  { settings, clock, timer, random, log, stopping, intune, openTables, telemetry: openTelemetry }: Context,
  onChange: ChangeListener,
  onAnswerable: (session: Session) => Promise<void>,
) {
  const { reader, retrieval, services } = await intune();
  const delay = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => void timer.after(milliseconds, resolve));
  const tables = await openTables('background');
  const telemetry = await openTelemetry();
  const reads =
    settings.intunePermissions === 'full'
      ? pointReadsByGraph(reader)
      : pointReadsByRetrieval(retrieval, CERTIFICATE_SOURCE, clock, delay);
  const deps = {
    source: CERTIFICATE_SOURCE,
    outOfBand: settings.intunePermissions === 'full',
    ...sourceState(tables, CERTIFICATE_SOURCE, log, telemetry),
    identities: new TableIdentityStore(tables.identities),
    sessions: new TableSessionStore(tables.sessions, { clock, log }),
    reads,
    retrieval,
    onChange,
    onAnswerable,
    clock,
    random,
    log,
    telemetry,
    stopping,
  };
  const quota = new TokenBucket(REFRESH_QUOTA);
  const differ = answersInForce({ settings, clock, log }, tables);
  const within = (budgetMs: number) => {
    const until = clock.now().getTime() + budgetMs;
    return { ...deps, hasTime: (): boolean => !stopping?.aborted && clock.now().getTime() < until };
  };
  const limitsOf = (functionTimeoutMs: number) => ({
    massChange: settings.massChange,
    budgetMs: functionTimeoutMs * BUDGET_SHARE,
    leaseMs: functionTimeoutMs * LEASE_SHARE,
  });
  return {
    /** @param id of a device that is stored */
    refresh: (id: string): Promise<RefreshedDevice> => refreshDevice({ ...deps, quota }, id),
    /** For lookups that ask Intune themselves; the poll goes on without it. */
    async keepServiceAddress(functionTimeoutMs: number): Promise<void> {
      if (settings.liveQuery.perSecond === 0) return;
      const { leaseMs, budgetMs } = limitsOf(functionTimeoutMs);
      const time = { until: addMilliseconds(toInstant(clock.now()), budgetMs), leaseMs };
      try {
        await keepServiceAddress({ ...deps, services }, time);
      } catch (thrown) {
        const { code, message, action } = toConnectorError(thrown);
        log.warn('poll.task-failed', { task: SERVICE_ADDRESS_TASK, code, message, action });
      }
    },
    async storeLive(functionTimeoutMs: number): Promise<void> {
      const limits = limitsOf(functionTimeoutMs);
      await storeLiveDevices(within(limits.budgetMs), limits);
    },
    /** What the sweep is elsewhere: the noncompliant list, and devices that have authenticated. */
    async pollWithoutSweep(functionTimeoutMs: number): Promise<SliceResult> {
      const limits = { ...limitsOf(functionTimeoutMs), answersDiffer: await differ() };
      const bounded = within(functionTimeoutMs * TICK_SHARE);
      await applyReleases(bounded);
      if (!bounded.hasTime()) return { kind: 'sliced' };
      const listed = await pollNoncompliant(bounded, { ...limits, intervalMs: settings.pollingIntervalMs });
      const refreshed = await refreshAuthenticated(bounded, { ...limits, intervalMs: settings.reauthIntervalMs });
      const done = [listed, refreshed];
      // What a crash left: a task that was just taken over may have left some.
      if (done.some((result) => result !== 'idle' && result !== 'leased')) await redispatchPending(bounded);
      if (done.includes('failed')) return { kind: 'waiting' };
      if (done.includes('sliced')) return { kind: 'sliced' };
      return { kind: done.includes('complete') ? 'complete' : 'idle' };
    },
  };
}
