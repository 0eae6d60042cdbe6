// The only place that wires adapters to flows. Everything is opened on first use: an instance that answers lookups never
// loads what polling needs, and the other way round.

import { CachedClientStore } from './adapters/memory/cached-client-store.ts';
import { CachedIdentityStore } from './adapters/memory/cached-identity-store.ts';
import { CachedSweepStatus } from './adapters/memory/cached-sweep-status.ts';
import { createRecentAnswersCache } from './adapters/memory/recent-answers-cache.ts';
import { createIdentityPrivacy } from './adapters/system/identity-privacy.ts';
import { createJsonLineLogger } from './adapters/system/json-line-logger.ts';
import { createLogMetrics } from './adapters/system/log-metrics.ts';
import { systemClock } from './adapters/system/system-clock.ts';
import { systemRandom } from './adapters/system/system-random.ts';
import { TableClientStore } from './adapters/table-storage/table-client-store.ts';
import { TableDeviceStore } from './adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from './adapters/table-storage/table-identity-store.ts';
import { TableSessionStore } from './adapters/table-storage/table-session-store.ts';
import { TableSweepStore } from './adapters/table-storage/table-sweep-store.ts';
import { openTables } from './adapters/table-storage/tables.ts';
import type { DeviceChange } from './domain/device-change.ts';
import type { BuiltInPolicy, Role } from './domain/policy.ts';
import { answerLookup, type LookupAnswer } from './lookup/answer-lookup.ts';
import { authenticateClient } from './lookup/authenticate-client.ts';
import { readAccessRequest } from './lookup/read-access-request.ts';
import { runSweepSlice, type SliceResult } from './polling/sweep.ts';
import type { ChangeListener, ClientStore, Clock, Logger, Random } from './ports.ts';
import type { Settings } from './settings.ts';

/** What a test or a bench may put in place of the real thing. */
export interface AppOverrides {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
  readonly onChange?: ChangeListener;
}

export interface App {
  readonly settings: Settings;
  readonly log: Logger;
  /**
   * Authenticates the asker, then answers.
   * @param apiKey value of the X-API-Key header
   * @param body the request as it came, not parsed yet
   * @throws RequestError for the asker's faults, StoreError when the store does not answer in time
   */
  lookup(apiKey: string | null, body: string): Promise<LookupAnswer>;
  /** Works one slice of the sweep, if one is due. */
  poll(sliceBudgetMs: number): Promise<SliceResult>;
  close(): Promise<void>;
}

export function createApp(settings: Settings, overrides: AppOverrides = {}): App {
  const clock = overrides.clock ?? systemClock;
  const random = overrides.random ?? systemRandom;
  const log = overrides.log ?? createJsonLineLogger(clock, writeLine);
  const closing: (() => Promise<void>)[] = [];
  const context: Context = { settings, clock, random, log };

  const lookup = once(() => openLookup(context));
  const poll = once(() => openPoll(context, overrides.onChange ?? logChange(log), closing));

  return {
    settings,
    log,
    lookup: async (apiKey, body) => (await lookup())(apiKey, body),
    poll: async (sliceBudgetMs) => (await poll())(sliceBudgetMs),
    async close() {
      for (const close of closing.splice(0)) await close();
    },
  };
}

interface Context {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

async function openLookup({ settings, clock, random, log }: Context) {
  const tables = await openTables(settings.storage, 'lookup');
  const clients: ClientStore = new CachedClientStore(new TableClientStore(tables.clients));
  const deps = {
    devices: new TableDeviceStore(tables.devices),
    identities: new CachedIdentityStore(new TableIdentityStore(tables.identities)),
    sessions: new TableSessionStore(tables.sessions),
    recentAnswers: createRecentAnswersCache(),
    sweepStatus: new CachedSweepStatus(new TableSweepStore(tables.polling), clock),
    policy: builtInPolicy(settings),
    certificateSource: 'intune',
    clock,
    random,
    log,
    metrics: createLogMetrics(log),
    privacy: createIdentityPrivacy(settings.logPrivacy.mode, settings.logPrivacy.key ?? random.hex(32)),
  };
  return async (apiKey: string | null, body: string): Promise<LookupAnswer> => {
    const options = { signal: clock.deadline(settings.lookupDeadlineMs) };
    const client = await authenticateClient(clients, apiKey, options);
    return answerLookup(deps, client, readAccessRequest(body), options);
  };
}

async function openPoll(
  { settings, clock, random, log }: Context,
  onChange: ChangeListener,
  closing: (() => Promise<void>)[],
) {
  const { openIntuneSource } = await import('./adapters/intune/open-intune-source.ts');
  const { source, close } = openIntuneSource(settings, clock);
  closing.push(close);
  const tables = await openTables(settings.storage, 'background');
  const deps = {
    source,
    devices: new TableDeviceStore(tables.devices),
    identities: new TableIdentityStore(tables.identities),
    sweeps: new TableSweepStore(tables.polling),
    onChange,
    clock,
    random,
    log,
  };
  return (sliceBudgetMs: number): Promise<SliceResult> =>
    runSweepSlice(deps, { pollingIntervalMs: settings.pollingIntervalMs, sliceBudgetMs });
}

/** Names the roles and times of the settings in its version, so that an answer tells which of them it was made with. */
function builtInPolicy({ compliantRole, quarantineRole }: Settings): BuiltInPolicy {
  const named = ({ name, vlan, sessionTimeoutSeconds }: Role): string => `${name}/${vlan}/${sessionTimeoutSeconds}`;
  return {
    version: `built-in:${named(compliantRole)}:${named(quarantineRole)}`,
    compliant: compliantRole,
    quarantine: quarantineRole,
  };
}

/** Device ids are no secret; names and addresses stay out. */
function logChange(log: Logger): ChangeListener {
  return async ({ source, id, version, before, after, fields }: DeviceChange) => {
    log.info('device.changed', { device: `${source}|${id}`, version, before, after, fields });
  };
}

/** Opens on first use and keeps the result; a failed attempt is made again next time. */
function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open().catch((thrown) => {
      opened = undefined;
      throw thrown;
    });
    return opened;
  };
}

function writeLine(level: 'info' | 'warn' | 'error', line: string): void {
  (level === 'info' ? process.stdout : process.stderr).write(`${line}\n`);
}
