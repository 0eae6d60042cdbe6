// The only place that wires adapters to flows. Everything is opened on first use: an instance that answers lookups never
// loads what polling needs, and the other way round.

import { readCaFile } from './adapters/intune/ca-file.ts';
import { readClientCertificate } from './adapters/intune/client-certificate.ts';
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
import { TableJobStore } from './adapters/table-storage/table-job-store.ts';
import { TableSessionStore } from './adapters/table-storage/table-session-store.ts';
import { TableSweepStore } from './adapters/table-storage/table-sweep-store.ts';
import { openTables } from './adapters/table-storage/tables.ts';
import { isDeviceId } from './domain/device.ts';
import type { DeviceChange } from './domain/device-change.ts';
import type { EnforcementJob } from './domain/enforcement-job.ts';
import { toInstant } from './domain/instant.ts';
import type { BuiltInPolicy, Role } from './domain/policy.ts';
import { decideJobsForChange, decideReauthentication } from './enforcement/decide-jobs.ts';
import { type EnforceDeps, Enforcer } from './enforcement/enforce.ts';
import { type JobFilter, listJobs } from './enforcement/list-jobs.ts';
import { pumpOutbox } from './enforcement/pump-outbox.ts';
import { readReport } from './enforcement/read-report.ts';
import { recordReport } from './enforcement/record-report.ts';
import { ConnectorError, RequestError, SettingsError, toConnectorError } from './errors.ts';
import { answerLookup, type LookupAnswer } from './lookup/answer-lookup.ts';
import { authenticateClient } from './lookup/authenticate-client.ts';
import { decideAgain } from './lookup/decide-again.ts';
import { readAccessRequest } from './lookup/read-access-request.ts';
import { readAccountingEvent } from './lookup/read-accounting-event.ts';
import { type AccountingResult, recordAccounting } from './lookup/record-accounting.ts';
import { runSweepSlice, type SliceResult } from './polling/sweep.ts';
import type { CallOptions, ChangeListener, ClientStore, Clock, Logger, Random } from './ports.ts';
import type { Settings } from './settings.ts';

/** Source whose device ids certificates carry. */
const CERTIFICATE_SOURCE = 'intune';

/** The rest of the time a function may run is for the page under way when the slice ends. */
const SLICE_SHARE = 0.6;
/** Nobody who still runs has lost the lease. */
const LEASE_SHARE = 1.5;

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
  /** Takes an accounting record of a RADIUS proxy; the same rules as for a lookup. */
  accounting(apiKey: string | null, body: string): Promise<AccountingResult>;
  /**
   * Works one slice of the sweep, if one is due.
   * @param functionTimeoutMs how long the host lets a function run before it ends the process
   */
  poll(functionTimeoutMs: number): Promise<SliceResult>;
  /** Whether a Service Bus is there to carry jobs. */
  readonly enforces: boolean;
  /** One round of the enforcement timer. */
  enforce(): Promise<{ readonly decided: number; readonly queued: number }>;
  /** Takes a message of the results queue. @throws ConnectorError NAC_REPORT */
  report(body: unknown): Promise<void>;
  /** Jobs, newest first, for operators. */
  jobs(apiKey: string | null, filter: JobFilter): Promise<EnforcementJob[]>;
  /** Has a device's stations authenticate again. @returns ids of the jobs */
  reauthenticate(apiKey: string | null, deviceId: string): Promise<string[]>;
  close(): Promise<void>;
}

/** @throws SettingsError when a file that settings name cannot be used: better now than at the first poll */
export function createApp(settings: Settings, overrides: AppOverrides = {}): App {
  checkFiles(settings);
  const clock = overrides.clock ?? systemClock;
  const random = overrides.random ?? systemRandom;
  const log = overrides.log ?? createJsonLineLogger(clock, writeLine);
  const closing: (() => Promise<void>)[] = [];
  const context: Context = { settings, clock, random, log };

  const lookup = once(() => openLookup(context));
  const enforcement = once(() => openEnforcement(context, closing));
  const poll = once(async () => openPoll(context, await changeListener(context, overrides, enforcement), closing));

  return {
    settings,
    log,
    lookup: async (apiKey, body) => (await lookup()).lookup(apiKey, body),
    accounting: async (apiKey, body) => (await lookup()).accounting(apiKey, body),
    async poll(functionTimeoutMs) {
      const result = await (await poll())(functionTimeoutMs);
      if (settings.serviceBus !== undefined) await (await enforcement()).pumpDecided();
      return result;
    },
    enforces: settings.serviceBus !== undefined,
    enforce: async () => (await enforcement()).enforcer.round(),
    report: async (body) => (await enforcement()).report(body),
    async jobs(apiKey, filter) {
      await (await lookup()).authenticateOperator(apiKey);
      return (await enforcement()).jobs(filter);
    },
    async reauthenticate(apiKey, deviceId) {
      await (await lookup()).authenticateOperator(apiKey);
      return (await enforcement()).reauthenticate(deviceId);
    },
    async close() {
      for (const close of closing.splice(0)) await close();
    },
  };
}

function checkFiles({ extraCaFile, entra: { credential } }: Settings): void {
  const problems: string[] = [];
  for (const check of [() => readCaFile(extraCaFile), () => readClientCertificate(credential)]) {
    try {
      check();
    } catch (thrown) {
      problems.push(toConnectorError(thrown).message);
    }
  }
  if (problems.length > 0) throw new SettingsError(problems);
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
    certificateSource: CERTIFICATE_SOURCE,
    clock,
    random,
    log,
    metrics: createLogMetrics(log),
    privacy: createIdentityPrivacy(settings.logPrivacy.mode, settings.logPrivacy.key ?? random.hex(32)),
  };
  const options = (): CallOptions => ({ signal: clock.deadline(settings.lookupDeadlineMs) });
  return {
    async lookup(apiKey: string | null, body: string): Promise<LookupAnswer> {
      const limits = options();
      const client = await authenticateClient(clients, apiKey, 'radius-proxy', limits);
      return answerLookup(deps, client, readAccessRequest(body), limits);
    },
    async accounting(apiKey: string | null, body: string): Promise<AccountingResult> {
      const client = await authenticateClient(clients, apiKey, 'radius-proxy', options());
      const event = readAccountingEvent(body, toInstant(clock.now()));
      return recordAccounting(deps, client, event, {});
    },
    async authenticateOperator(apiKey: string | null): Promise<void> {
      await authenticateClient(clients, apiKey, 'operator', options());
    },
  };
}

async function openEnforcement(context: Context, closing: (() => Promise<void>)[]) {
  const { settings, clock, log } = context;
  if (settings.serviceBus === undefined) throw notEnforcing();
  const { openServiceBus, ServiceBusJobQueue } = await import('./adapters/service-bus/service-bus-job-queue.ts');
  const serviceBus = await openServiceBus(settings.serviceBus);
  closing.push(() => serviceBus.close());
  const tables = await openTables(settings.storage, 'background');
  const devices = new TableDeviceStore(tables.devices);
  const decideDeps = {
    devices,
    identities: new TableIdentityStore(tables.identities),
    policy: builtInPolicy(settings),
    certificateSource: CERTIFICATE_SOURCE,
  };
  const deps: EnforceDeps = {
    sessions: new TableSessionStore(tables.sessions),
    jobs: new TableJobStore(tables),
    queue: new ServiceBusJobQueue(serviceBus, () => clock.now().getTime()),
    sweepStatus: new CachedSweepStatus(new TableSweepStore(tables.polling), clock),
    decideAgain: (session) => decideAgain(decideDeps, session),
    clock,
    log,
  };
  const limits = { inHandPerSite: settings.jobsInHandPerSite };
  let waiting = false;
  return {
    enforcer: new Enforcer(deps, limits),
    /** Jobs of the change are in the outbox before the change is removed. */
    async onChange(change: DeviceChange): Promise<void> {
      if ((await decideJobsForChange(deps, change)) > 0) waiting = true;
    },
    /** The fast path: what a poll has decided goes out at its end, if no round of the timer was faster. */
    async pumpDecided(): Promise<void> {
      if (!waiting) return;
      waiting = false;
      await pumpOutbox(deps, limits).catch(logPumpFailure(log));
    },
    report: (body: unknown): Promise<void> => recordReport(deps, readReport(body)),
    jobs: (filter: JobFilter): Promise<EnforcementJob[]> => listJobs(deps.jobs, filter),
    async reauthenticate(deviceId: string): Promise<string[]> {
      const key = { source: CERTIFICATE_SOURCE, id: deviceId.toLowerCase() };
      if (!isDeviceId(key.id) || (await devices.read(key)) === undefined) throw unknownDevice();
      const jobs = await decideReauthentication(deps, key);
      await pumpOutbox(deps, limits).catch(logPumpFailure(log));
      return jobs;
    },
  };
}

/** A change is logged, and enforced where there is a Service Bus. */
async function changeListener(
  { settings, log }: Context,
  { onChange }: AppOverrides,
  enforcement: () => ReturnType<typeof openEnforcement>,
): Promise<ChangeListener> {
  const listen = onChange ?? logChange(log);
  if (settings.serviceBus === undefined) return listen;
  const { onChange: enforce } = await enforcement();
  return async (change) => {
    await enforce(change);
    await listen(change);
  };
}

/** The jobs stand in the outbox: the timer queues them. */
function logPumpFailure(log: Logger): (thrown: unknown) => number {
  return (thrown) => {
    const { code, message, action } = toConnectorError(thrown);
    log.error('enforcement.not-queued', { code, message, action });
    return 0;
  };
}

function notEnforcing(): ConnectorError {
  return new ConnectorError('NAC_SETTINGS', 'NAC_SETTINGS: nothing carries CoA jobs', {
    action: 'Set ServiceBusConnection__fullyQualifiedNamespace to enforce compliance changes.',
    field: 'ServiceBusConnection',
  });
}

function unknownDevice(): RequestError {
  return new RequestError(400, 'NAC_DEVICE_UNKNOWN', 'No such device is stored.', {
    action: 'Give the Intune device id, as managedDevices of Microsoft Graph shows it.',
    field: 'id',
  });
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
  return (functionTimeoutMs: number): Promise<SliceResult> =>
    runSweepSlice(deps, {
      pollingIntervalMs: settings.pollingIntervalMs,
      sliceBudgetMs: functionTimeoutMs * SLICE_SHARE,
      leaseMs: functionTimeoutMs * LEASE_SHARE,
    });
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
