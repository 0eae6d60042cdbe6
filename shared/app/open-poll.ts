// Wires the poll: what brings compliance in from each source, with its sweep or without one.

import { createIdentityPrivacy, hideIdentities } from '../adapters/system/identity-privacy.ts';
import { sourceState } from '../adapters/table-storage/source-state.ts';
import { TableCountStore } from '../adapters/table-storage/table-count-store.ts';
import { TableDecisionStore } from '../adapters/table-storage/table-decision-store.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import { TableSessionStore } from '../adapters/table-storage/table-session-store.ts';
import { TableTaskStore } from '../adapters/table-storage/table-task-store.ts';
import { CREDENTIAL_FIGURES, type CredentialFigure } from '../console/read-overview.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import { toInstant } from '../domain/instant.ts';
import type { Session } from '../domain/session/session.ts';
import type { Sites } from '../domain/sites.ts';
import { BUILT_IN } from '../domain/version-activation.ts';
import { RequestError, SourceError, StoreError, toConnectorError } from '../errors.ts';
import type { HeldRun } from '../polling/breaker/mass-change.ts';
import { type ReleaseRequest, refuseRun, releaseRun, sourceOfRun } from '../polling/breaker/release-held.ts';
import { pointReadsOf } from '../polling/point-reads/point-reads.ts';
import { notRead, type RefreshedDevice, refreshDevice } from '../polling/point-reads/refresh-device.ts';
import { poll, type SourcePoll, type SourceToPoll } from '../polling/poll.ts';
import { type PollOverview, readPollOverview, type SourceProblem } from '../polling/poll-status.ts';
import { requestSweep } from '../polling/sweep/request-sweep.ts';
import type { SliceResult } from '../polling/sweep/sweep.ts';
import type { ChangeListener } from '../ports/change-listener.ts';
import { sourcesAt } from '../ports/source-scope.ts';
import type { Logger } from '../ports/telemetry.ts';
import { TokenBucket } from '../token-bucket.ts';
import type { Context } from './context.ts';
import { lazy } from './lazy.ts';
import { answersInForce } from './open-policy-source.ts';
import { remember } from './remembered-sources.ts';
import type { CredentialInUse } from './source-setup.ts';
import type { ConfiguredSource } from './sources.ts';

/** Devices that operators have read at once, by this process. */
const REFRESH_QUOTA = { capacity: 20, perSecond: 1 };

export interface PollListeners {
  readonly onChange: ChangeListener;
  /** A session that found no device, and may be answered otherwise now. */
  readonly onAnswerable: (session: Session) => Promise<void>;
  /** Lets out what the changes led to. */
  readonly sendDecided: () => Promise<void>;
}

export interface Poll {
  /** @param functionTimeoutMs how long the host lets a function run before it ends the process */
  tick(functionTimeoutMs: number): Promise<SliceResult>;
  /** @param key of a device that is stored */
  refresh(key: DeviceKey): Promise<RefreshedDevice>;
}

export function openPoll(context: Context, listeners: () => Promise<PollListeners>): Poll {
  const { sources, clock, random, log } = context;
  const listening = lazy(listeners);
  const quota = new TokenBucket(REFRESH_QUOTA);
  const opened = new WeakMap<ConfiguredSource, SourceToPoll>();
  const toPoll = (source: ConfiguredSource): SourceToPoll => {
    const before = opened.get(source);
    if (before !== undefined) return before;
    const polled = { name: source.name, open: lazy(async () => openSourcePoll(context, source, await listening())) };
    opened.set(source, polled);
    return polled;
  };
  return {
    async tick(functionTimeoutMs) {
      const inForce = await sources.inForce();
      const { polling } = await context.openTables('background');
      // Before anything of a source is stored, so that it is known what to do when it is defined no more.
      await remember(new TableTaskStore(polling, log), inForce);
      const polled = inForce.map(toPoll);
      return poll(polled, { functionTimeoutMs, clock, random, log }, async () => (await listening()).sendDecided());
    },
    async refresh({ source, id }) {
      const ofSource = (await sources.inForce()).find(({ name, removed }) => name === source && !removed);
      if (ofSource === undefined) return notRead(log, notASource(source));
      try {
        const { deps } = await toPoll(ofSource).open();
        const { reads } = deps;
        return reads === undefined
          ? notRead(log, cannotBeAsked(source))
          : await refreshDevice({ ...deps, reads, quota }, id);
      } catch (thrown) {
        if (thrown instanceof StoreError) throw thrown;
        // What keeps the source from being asked keeps no operator from acting on what is stored.
        return notRead(log, thrown);
      }
    },
  };
}

function cannotBeAsked(source: string): SourceError {
  return new SourceError('NAC_SOURCE_UNAVAILABLE', `${source} answers no questions about single devices.`, {
    action: 'Wait for its next list.',
  });
}

function notASource(source: string): SourceError {
  return new SourceError('NAC_SOURCE_UNAVAILABLE', `No source is called ${source}.`, {
    action: 'The device is of a source that was defined before: define it again, or wait until the device is gone.',
  });
}

async function openSourcePoll(
  { settings, clock, timer, random, log: anyLog, stopping, openTables, telemetry: openTelemetry }: Context,
  configured: ConfiguredSource,
  { onChange, onAnswerable }: PollListeners,
): Promise<SourcePoll> {
  const { source, reportCredential } = await configured.open();
  const tables = await openTables('background');
  const telemetry = await openTelemetry();
  const log = ofSource(anyLog, source.name);
  const counts = new TableCountStore(tables.polling, log);
  const keep = async ({ kind, setting, expiresAt }: CredentialInUse): Promise<void> => {
    const checkedAt = toInstant(clock.now());
    const end = expiresAt && { expiresAt: toInstant(expiresAt) };
    const figure: CredentialFigure = { kind, checkedAt, ...(setting !== undefined && { setting }), ...end };
    await counts.writeFigure(`${CREDENTIAL_FIGURES}${source.name}`, figure);
  };
  const wait = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => void timer.after(milliseconds, resolve));
  return {
    deps: {
      source,
      ...sourceState(tables, source.name, log, telemetry),
      identities: new TableIdentityStore(tables.identities, log),
      sessions: new TableSessionStore(tables.sessions, { clock, log }),
      decisions: new TableDecisionStore(tables.sessions),
      outOfBand: configured.sweeps,
      reads: pointReadsOf(source, clock, wait),
      answersDiffer: answersInForce({ settings, clock, log }, tables),
      reportCredential: reportCredential?.({ clock, log, telemetry, keep }),
      onChange,
      onAnswerable,
      clock,
      timer,
      random,
      log,
      telemetry,
      stopping,
    },
    limits: configured.limits,
  };
}

/** Each line says which source it is about. */
function ofSource(log: Logger, source: string): Logger {
  return {
    info: (event, fields) => log.info(event, { source, ...fields }),
    warn: (event, fields) => log.warn(event, { source, ...fields }),
    error: (event, fields) => log.error(event, { source, ...fields }),
  };
}

/** What operators ask of the poll; nothing of it speaks with a source. */
export async function openPollControl({ settings, sources, scope, clock, random, log, openTables }: Context) {
  const tables = await openTables('lookup');
  const privacy = createIdentityPrivacy(settings.logPrivacy.mode, settings.logPrivacy.key ?? random.hex(32));
  const shown = (reason: string): string => hideIdentities(privacy, reason);
  const statesOf = async () =>
    (await sources.inForce()).map((source) => ({
      name: source.name,
      hasSweeps: source.sweeps && !source.removed,
      removed: source.removed,
      problem: problemOf(source),
      ...sourceState(tables, source.name),
    }));
  const judging = async (request: ReleaseRequest) => {
    const { name, tasks } = await sourceOfRun(await statesOf(), request);
    return { tasks, clock, log: ofSource(log, name), shown };
  };
  return {
    /** @param sites those that the asker may see, and with them the sources that count there */
    async status(sites: Sites): Promise<PollOverview> {
      const { counts } = await sourcesAt(scope, sites);
      const overview = await readPollOverview((await statesOf()).filter(({ name }) => counts(name)));
      const { version } = sources;
      return version === undefined || version === BUILT_IN ? overview : { ...overview, sourcesVersion: version };
    },
    release: async (request: ReleaseRequest, by: string): Promise<HeldRun> =>
      releaseRun(await judging(request), request, by),
    refuse: async (request: ReleaseRequest, by: string): Promise<HeldRun> =>
      refuseRun(await judging(request), request, by),
    /** Names of sources that are swept. @throws RequestError NAC_POLL_NO_SWEEP where none is */
    async swept(): Promise<readonly string[]> {
      const names = (await statesOf()).flatMap(({ name, hasSweeps }) => (hasSweeps ? [name] : []));
      if (names.length === 0) throw noSweep();
      return names;
    },
    /** @returns false when a sweep of one of the sources is under way */
    async sweepNow(): Promise<boolean> {
      const swept = (await statesOf()).filter(({ hasSweeps }) => hasSweeps);
      return !(await Promise.all(swept.map(({ sweeps }) => requestSweep(sweeps)))).includes(false);
    },
  };
}

/** What keeps it from being opened at all, as far as this process can tell without asking it. */
function problemOf({ check }: ConfiguredSource): SourceProblem | undefined {
  try {
    check?.();
    return undefined;
  } catch (thrown) {
    const { code, message, action } = toConnectorError(thrown);
    return { code, message, action };
  }
}

function noSweep(): RequestError {
  return new RequestError(409, 'NAC_POLL_NO_SWEEP', 'With the least permission there are no sweeps.', {
    action: 'POST /api/devices/{id}/refresh reads one device.',
  });
}
