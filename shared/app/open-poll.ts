// Wires the poll: what brings compliance in.

import { createIdentityPrivacy, hideIdentities } from '../adapters/system/identity-privacy.ts';
import { sourceState } from '../adapters/table-storage/source-state.ts';
import { TableDecisionStore } from '../adapters/table-storage/table-decision-store.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import { TableSweepStore } from '../adapters/table-storage/table-sweep-store.ts';
import { TableTaskStore } from '../adapters/table-storage/table-task-store.ts';
import { toConnectorError } from '../errors.ts';
import { noteFastLane } from '../polling/between-sweeps/fast-lane.ts';
import { type ReleaseRequest, refuseRun, releaseRun } from '../polling/breaker/release-held.ts';
import { runTick } from '../polling/poll.ts';
import { type PollStatus, readPollStatus } from '../polling/poll-status.ts';
import { requestSweep } from '../polling/sweep/request-sweep.ts';
import type { SliceResult } from '../polling/sweep/sweep.ts';
import type { ChangeListener } from '../ports/change-listener.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { Context } from './context.ts';
import { answersInForce } from './open-policy-source.ts';
import { daysLeftReporter } from './report-credential-expiry.ts';

/** The rest of the time a function may run is for the page under way when the slice ends. */
const SLICE_SHARE = 0.6;
/** Longer than a function may run: an instance that still runs has its lease. */
const LEASE_SHARE = 1.5;

export async function openPoll(
  { settings, clock, timer, random, log, stopping, intune, openTables, telemetry: openTelemetry }: Context,
  onChange: ChangeListener,
) {
  const { source, reader, directory, tokens } = await intune();
  const tables = await openTables('background');
  const telemetry = await openTelemetry();
  const deps = {
    source,
    reader,
    ...(settings.entraDeviceDelta && { directory }),
    ...sourceState(tables, source.name, log, telemetry),
    identities: new TableIdentityStore(tables.identities, log),
    onChange,
    clock,
    timer,
    random,
    log,
    telemetry,
    stopping,
  };
  const decisions = new TableDecisionStore(tables.sessions);
  const reportCredentialExpiry = daysLeftReporter(tokens, settings.graphEndpoint, { clock, log, telemetry });
  const { pollingIntervalMs, changedDevicesIntervalMs, hardwareMaxAgeMs, massChange } = settings;
  const differ = answersInForce({ settings, clock, log }, tables);
  return async (functionTimeoutMs: number): Promise<SliceResult> => {
    if (settings.fastLaneMs !== undefined) {
      await noteFastLane({ decisions, tasks: deps.tasks, clock }, settings.fastLaneMs).catch(logFailure(log));
    }
    const result = await runTick(deps, {
      pollingIntervalMs,
      changedDevicesIntervalMs,
      hardwareMaxAgeMs,
      sliceBudgetMs: functionTimeoutMs * SLICE_SHARE,
      leaseMs: functionTimeoutMs * LEASE_SHARE,
      massChange,
      answersDiffer: await differ(),
    });
    await reportCredentialExpiry();
    return result;
  };
}

/** The poll goes on without the fast lane: sweeps see these devices, too. */
function logFailure(log: Logger): (thrown: unknown) => number {
  return (thrown) => {
    const { code, message, action } = toConnectorError(thrown);
    log.warn('poll.no-fast-lane', { code, message, action });
    return 0;
  };
}

/** What operators ask of the poll; nothing of it speaks with Intune. */
export async function openPollControl({ settings, clock, random, log, openTables }: Context) {
  const tables = await openTables('lookup');
  const privacy = createIdentityPrivacy(settings.logPrivacy.mode, settings.logPrivacy.key ?? random.hex(32));
  const sweeps = new TableSweepStore(tables.polling);
  const tasks = new TableTaskStore(tables.polling);
  const deps = { tasks, clock, log, shown: (reason: string) => hideIdentities(privacy, reason) };
  return {
    status: (): Promise<PollStatus> => readPollStatus(sweeps, tasks),
    release: (request: ReleaseRequest, by: string) => releaseRun(deps, request, by),
    /** @returns false when a sweep is under way */
    sweepNow: (): Promise<boolean> => requestSweep(sweeps),
    refuse: (request: ReleaseRequest, by: string) => refuseRun(deps, request, by),
  };
}
