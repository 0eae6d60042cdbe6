// The only place that wires adapters to flows, a part in each file of app/. Everything is opened on first use: an
// instance that answers lookups never loads what polling needs, and the other way round.

import type { ServiceBusClient } from '@azure/service-bus';
import { checkClientCertificates } from './adapters/entra/client-certificate.ts';
import { readCaFile } from './adapters/https/ca-file.ts';
import type { IntuneAccess } from './adapters/intune/open-intune-source.ts';
import { createJsonLineLogger } from './adapters/system/json-line-logger.ts';
import { systemClock } from './adapters/system/system-clock.ts';
import { systemRandom } from './adapters/system/system-random.ts';
import { systemTimer } from './adapters/system/system-timer.ts';
import { CommonClock, type ObserveTime } from './adapters/table-storage/common-clock.ts';
import type { RetryProfile, Tables } from './adapters/table-storage/tables.ts';
import type { OpenedTelemetry } from './adapters/telemetry/open-telemetry.ts';
import type { Context } from './app/context.ts';
import { GracefulShutdown } from './app/graceful-shutdown.ts';
import { intuneSetup } from './app/intune-setup.ts';
import { coalesced, lazy } from './app/lazy.ts';
import { openAudit } from './app/open-audit.ts';
import { openChangeListener } from './app/open-change-listener.ts';
import { type DecisionAudit, openDecisions } from './app/open-decisions.ts';
import { openEnforcement } from './app/open-enforcement.ts';
import { openHousekeeping } from './app/open-housekeeping.ts';
import { openLookup } from './app/open-lookup.ts';
import { type MadeOverride, openOverrides } from './app/open-overrides.ts';
import { openPolicy, type PolicyAdmin, type PolicyChange } from './app/open-policy.ts';
import { policyOfSettings } from './app/open-policy-source.ts';
import { openPoll, openPollControl } from './app/open-poll.ts';
import { OperatorAccess } from './app/operator-access.ts';
import type { SourceSetup } from './app/source-setup.ts';
import { openedOnce, sourceSetups } from './app/sources.ts';
import { openStoredDevice } from './app/stored-device.ts';
import { telemetryOf } from './app/telemetry.ts';
import type { CoaAction } from './domain/coa-job.ts';
import { toInstant } from './domain/instant.ts';
import { delayRedelivery } from './enforcement/delay-redelivery.ts';
import type { JobPage } from './enforcement/list-jobs.ts';
import type { Removed } from './enforcement/purge-expired.ts';
import { readJobQuery } from './enforcement/read-job-query.ts';
import { SettingsError, toConnectorError } from './errors.ts';
import { readReason } from './http/read-reason.ts';
import { RefusalReport } from './http/refusal-report.ts';
import { type RequestBody, readBody } from './http/request-body.ts';
import type { ShownOverride } from './http/show-override.ts';
import type { LookupAnswer } from './lookup/answer-lookup.ts';
import type { AccountingResult } from './lookup/record-accounting.ts';
import type { HeldRun } from './polling/breaker/mass-change.ts';
import type { RefreshedDevice } from './polling/point-reads/refresh-device.ts';
import type { PollOverview } from './polling/poll-status.ts';
import { readReleaseRequest } from './polling/read-release-request.ts';
import type { SliceResult } from './polling/sweep/sweep.ts';
import type { AuditPage } from './ports/audit-store.ts';
import type { ChangeListener } from './ports/change-listener.ts';
import type { DoctorReport } from './ports/check.ts';
import type { Clock } from './ports/clock.ts';
import type { Random } from './ports/random.ts';
import { type Logger, traced } from './ports/telemetry.ts';
import type { Timer } from './ports/timer.ts';
import type { Settings } from './settings.ts';

/** What a test or a bench may put in place of the real thing. */
export interface AppOverrides {
  readonly clock?: Clock;
  readonly timer?: Timer;
  readonly random?: Random;
  readonly log?: Logger;
  readonly onChange?: ChangeListener;
  /** Entries that a cache holds at most: memory for all of them is taken at once. */
  readonly mostRemembered?: number;
  /** Clients of the tables, by how long their caller can wait; `observe` gets the store's time. */
  readonly openTables?: (patience: RetryProfile, observe: ObserveTime) => Promise<Tables>;
  readonly connectServiceBus?: () => ServiceBusClient;
  readonly openIntune?: () => IntuneAccess;
  /** Beside those that settings describe. */
  readonly moreSources?: readonly SourceSetup[];
  readonly openTelemetry?: () => Promise<OpenedTelemetry>;
}

export interface App {
  readonly settings: Settings;
  readonly log: Logger;
  /** How refused requests are logged. */
  readonly refusals: RefusalReport;
  /**
   * Authenticates the asker, then answers.
   * @param apiKey value of the X-API-Key header
   * @param body the request as it came, read only when the asker is known
   * @throws RequestError for the asker's faults, StoreError when the store does not answer in time
   */
  lookup(apiKey: string | null, body: RequestBody): Promise<LookupAnswer>;
  /** Takes an accounting record of a RADIUS proxy; the same rules as for a lookup. */
  accounting(apiKey: string | null, body: RequestBody): Promise<AccountingResult>;
  /**
   * Works one slice of the sweep, if one is due.
   * @param functionTimeoutMs how long the host lets a function run before it ends the process
   */
  poll(functionTimeoutMs: number): Promise<SliceResult>;
  /** How the poll is doing, for operators. */
  pollStatus(apiKey: string | null): Promise<PollOverview>;
  /**
   * An operator lets through what a run held; the next tick of the poll applies it.
   * @param body the request as it came: `{"runId": "…", "reason": "…"}`
   */
  releaseHeld(apiKey: string | null, body: RequestBody): Promise<HeldRun>;
  /** An operator refuses what a run held: it stays held. @param body as for a release */
  refuseHeld(apiKey: string | null, body: RequestBody): Promise<HeldRun>;
  /** Whether a Service Bus is there to carry jobs. */
  readonly enforces: boolean;
  /**
   * One round of the enforcement timer.
   * @param functionTimeoutMs how long the host lets a function run before it ends the process; two minutes unless given
   */
  enforce(functionTimeoutMs?: number): Promise<{ readonly decided: number; readonly queued: number }>;
  /**
   * Takes a message of the results queue; what is no report is logged as NAC_REPORT.
   * @param deliveries how often the message was delivered, this time included; the more, the later a failure is thrown
   * @throws StoreError
   */
  report(body: unknown, deliveries?: number): Promise<void>;
  /**
   * A page of jobs, newest first, for operators.
   * @throws RequestError naming a parameter that is wrong
   */
  jobs(apiKey: string | null, query: Iterable<[string, string]>): Promise<JobPage>;
  /** Has a job sent again that came to nothing. @returns the id of the job that goes out */
  resend(apiKey: string | null, site: string, jobId: string, body?: RequestBody): Promise<string>;
  /** Has a device's stations authenticate again, after it was read from its source. */
  reauthenticate(apiKey: string | null, deviceId: string, body?: RequestBody): Promise<AskedForDevice>;
  /** The same, but the stations are disconnected. */
  disconnect(apiKey: string | null, deviceId: string, body?: RequestBody): Promise<AskedForDevice>;
  /** Reads a stored device from its source, now. @throws RequestError NAC_DEVICE_UNKNOWN */
  refreshDevice(apiKey: string | null, deviceId: string, body?: RequestBody): Promise<Omit<AskedForDevice, 'jobs'>>;
  /** The next tick of the poll begins a sweep. @throws RequestError NAC_POLL_NO_SWEEP */
  sweepNow(apiKey: string | null, body?: RequestBody): Promise<'asked-for' | 'under-way'>;
  /** The overrides that the asker may see, newest first. */
  overrides(apiKey: string | null): Promise<{ readonly overrides: readonly ShownOverride[] }>;
  /** Blocks, or lets on. @param body as readOverrideRequest reads it @throws RequestError */
  makeOverride(apiKey: string | null, body: RequestBody): Promise<MadeOverride>;
  /** Ends an override early. @throws RequestError NAC_OVERRIDE_UNKNOWN, NAC_CLIENT_SITE */
  endOverride(apiKey: string | null, id: string, body?: RequestBody): Promise<ShownOverride>;
  /** What an operator may do with policies, in the operator's own name. */
  policies(apiKey: string | null): Promise<PolicyAdmin>;
  /** Walks every dependency, for operators. Those who ask at the same time get the same report. */
  doctor(apiKey: string | null): Promise<DoctorReport>;
  /** What an operator may ask about decisions that were made. */
  decisions(apiKey: string | null): Promise<DecisionAudit>;
  /** A page of the audit, newest first, of the sites that the asker may see. */
  audit(apiKey: string | null, query: Iterable<[string, string]>): Promise<AuditPage>;
  /**
   * Removes decisions, sessions, jobs and audit entries that have been over for long, as many as time suffices for.
   * @param functionTimeoutMs how long the host lets a function run before it ends the process; two minutes unless given
   */
  purgeExpired(functionTimeoutMs?: number): Promise<Removed>;
  close(): Promise<void>;
}

export interface AskedForDevice {
  /** What its source says of it; where that is away, the code says why, and what is stored stands. */
  readonly source: RefreshedDevice;
  /** Ids of the jobs for its stations. */
  readonly jobs: readonly string[];
}

/** @throws SettingsError when a file that settings name cannot be used: better now than at the first poll */
export function createApp(settings: Settings, overrides: AppOverrides = {}): App {
  checkFiles(settings);
  const own = overrides.clock ?? systemClock;
  const timer = overrides.timer ?? systemTimer;
  const { mostRemembered } = overrides;
  const random = overrides.random ?? systemRandom;
  const log = overrides.log ?? createJsonLineLogger(own, writeLine);
  const refusals = new RefusalReport(log);
  const clock = new CommonClock(own, (aheadMs) => tellOfClock(log, aheadMs));
  const closing: (() => Promise<void>)[] = [];
  const end = new GracefulShutdown(timer);
  const setups = overrides.openIntune
    ? [intuneSetup(settings, clock, overrides.openIntune)]
    : sourceSetups(settings, clock, timer);
  const sources = [...setups, ...(overrides.moreSources ?? [])].map((setup) =>
    openedOnce(setup, { clock, timer, closing }),
  );
  // A clock that is put in place of the machine's is meant to differ from the store's.
  const observe = overrides.clock === undefined ? clock.observe : undefined;
  const openTables = async (patience: RetryProfile): Promise<Tables> =>
    overrides.openTables?.(patience, clock.observe) ?? tablesOf(settings, patience, observe);
  const serviceBus = lazy(async () => overrides.connectServiceBus ?? (await serviceBusOf(settings)));
  let collected: OpenedTelemetry | undefined;
  const telemetry = lazy(async () => {
    collected = await (overrides.openTelemetry?.() ?? telemetryOf(settings, { clock, log }));
    return collected;
  });
  const context: Context = {
    settings,
    clock,
    timer,
    random,
    log,
    refusals,
    stopping: end.stopping,
    sources,
    openTables,
    serviceBus,
    telemetry,
    closing,
    mostRemembered,
  };

  const lookup = lazy(() => openLookup(context));
  const enforcement = lazy(() => openEnforcement(context));
  const policy = lazy(() => {
    const { jobsInFlightPerSite, maxCheckInAgeMs } = settings;
    return openPolicy({
      sources,
      openTables,
      jobsInFlightPerSite,
      maxCheckInAgeMs,
      builtIn: policyOfSettings(settings),
      clock,
      log,
    });
  });
  const decisions = lazy(() => openDecisions(context));
  const audit = lazy(() => openAudit(context));
  const operators = new OperatorAccess(
    async (apiKey, permission) => (await lookup()).authenticate(apiKey, permission),
    audit,
  );
  const overridesOf = lazy(() => openOverrides(context, operators));
  const housekeeping = lazy(() => openHousekeeping(context));
  const pollControl = lazy(() => openPollControl(context));
  const onChange = lazy(() => openChangeListener(context, overrides.onChange, enforcement));
  const enforces = settings.serviceBus !== undefined;
  const poll = openPoll(context, async () => ({
    onChange: await onChange(),
    onAnswerable: async (session) => {
      if (enforces) await (await enforcement()).reconsider(session);
    },
    sendDecided: async () => {
      if (enforces) await (await enforcement()).pumpDecided();
    },
  }));

  const doctor = coalesced(() => examine(settings, clock));
  const storedDevice = lazy(() => openStoredDevice(context));
  const actOnDevice = async (
    apiKey: string | null,
    deviceId: string,
    body: RequestBody | undefined,
    action: CoaAction,
  ): Promise<AskedForDevice> => {
    const client = await operators.may(apiKey, action);
    const site = operators.siteOf(client, undefined);
    const why = readReason(await readBody(body ?? ''));
    const device = await (await storedDevice())(deviceId);
    await operators.note(client, { action, target: device.id, ...(site !== undefined && { site }), ...why });
    const source = await poll.refresh(device);
    return {
      source,
      jobs: await (await enforcement()).reauthenticate(device, { by: client.name, action, onlySite: site }),
    };
  };

  const app: App = {
    settings,
    log,
    refusals,
    lookup: async (apiKey, body) => (await lookup()).lookup(apiKey, body),
    accounting: async (apiKey, body) => (await lookup()).accounting(apiKey, body),
    async poll(functionTimeoutMs) {
      return traced(await telemetry(), 'nac.poll', { reportIf: hasParts }, () => poll.tick(functionTimeoutMs));
    },
    async pollStatus(apiKey) {
      await operators.may(apiKey, 'poll-status');
      return (await pollControl()).status();
    },
    async releaseHeld(apiKey, body) {
      const client = await operators.may(apiKey, 'poll-release');
      const request = readReleaseRequest(await readBody(body));
      await operators.note(client, { action: 'release-held', target: request.runId, reason: request.reason });
      return (await pollControl()).release(request, client.name);
    },
    async refuseHeld(apiKey, body) {
      const client = await operators.may(apiKey, 'poll-refuse');
      const request = readReleaseRequest(await readBody(body));
      await operators.note(client, { action: 'refuse-held', target: request.runId, reason: request.reason });
      return (await pollControl()).refuse(request, client.name);
    },
    enforces,
    enforce: async (functionTimeoutMs = 120_000) =>
      traced(await telemetry(), 'nac.enforcement', { reportIf: hasParts }, async () =>
        (await enforcement()).enforcer.round(functionTimeoutMs),
      ),
    async report(body, deliveries = 1) {
      try {
        await (await enforcement()).report(body);
      } catch (thrown) {
        await delayRedelivery(timer, end.stopping, deliveries);
        throw thrown;
      }
    },
    async jobs(apiKey, query) {
      const client = await operators.may(apiKey, 'jobs');
      const filter = readJobQuery(query, toInstant(clock.now()));
      return (await enforcement()).jobs({ ...filter, site: operators.siteOf(client, filter.site) });
    },
    async resend(apiKey, site, jobId, body = '') {
      const client = await operators.may(apiKey, 'resend-job');
      operators.siteOf(client, site);
      const why = readReason(await readBody(body));
      await operators.note(client, {
        action: 'resend-job',
        target: jobId.slice(0, 80),
        site: site.slice(0, 40),
        ...why,
      });
      return (await enforcement()).resend(site, jobId);
    },
    reauthenticate: (apiKey, deviceId, body) => actOnDevice(apiKey, deviceId, body, 'reauthenticate'),
    disconnect: (apiKey, deviceId, body) => actOnDevice(apiKey, deviceId, body, 'disconnect'),
    async refreshDevice(apiKey, deviceId, body = '') {
      const client = await operators.may(apiKey, 'refresh-device');
      const why = readReason(await readBody(body));
      const device = await (await storedDevice())(deviceId);
      await operators.note(client, { action: 'refresh-device', target: device.id, ...why });
      return { source: await poll.refresh(device) };
    },
    async sweepNow(apiKey, body = '') {
      const client = await operators.may(apiKey, 'poll-sweep');
      const why = readReason(await readBody(body));
      const control = await pollControl();
      await operators.note(client, { action: 'sweep-now', target: control.swept().join(' '), ...why });
      return (await control.sweepNow()) ? 'asked-for' : 'under-way';
    },
    async overrides(apiKey) {
      const client = await operators.may(apiKey, 'overrides');
      return (await overridesOf()).list(client);
    },
    async makeOverride(apiKey, body) {
      const client = await operators.may(apiKey, 'make-override');
      return (await overridesOf()).make(client, await readBody(body));
    },
    async endOverride(apiKey, id, body = '') {
      const client = await operators.may(apiKey, 'end-override');
      const { reason } = readReason(await readBody(body));
      return (await overridesOf()).end(client, id, reason);
    },
    async policies(apiKey) {
      const client = await operators.may(apiKey, 'policies');
      const beforeChange = async (change: PolicyChange): Promise<void> => {
        operators.require(client, change.action);
        await operators.note(client, change);
      };
      return (await policy())(client.name, beforeChange, (asked) => operators.siteOf(client, asked));
    },
    async decisions(apiKey) {
      const client = await operators.may(apiKey, 'decisions');
      return (await decisions())(operators.siteOf(client, undefined));
    },
    async audit(apiKey, query) {
      const client = await operators.may(apiKey, 'audit');
      return (await audit()).list(query, (asked) => operators.siteOf(client, asked));
    },
    purgeExpired: async (functionTimeoutMs = 120_000) => (await housekeeping())(functionTimeoutMs),
    async doctor(apiKey) {
      await operators.may(apiKey, 'doctor');
      return doctor();
    },
    async close() {
      const flushed = collected?.flush();
      try {
        await end.begin(async () => void (await Promise.all(sources.map((source) => source.leave()))));
        for (const close of context.closing.splice(0)) await close();
      } finally {
        await flushed;
        // What was counted while the rest closed.
        await collected?.close();
      }
    },
  };
  return {
    ...app,
    poll: (functionTimeoutMs) => end.waitedFor(() => app.poll(functionTimeoutMs)),
    enforce: (functionTimeoutMs) => end.waitedFor(() => app.enforce(functionTimeoutMs)),
    purgeExpired: (functionTimeoutMs) => end.waitedFor(() => app.purgeExpired(functionTimeoutMs)),
    report: (body, deliveries) => end.waitedFor(() => app.report(body, deliveries)),
  };
}

/** A tick or round that found nothing to do is no trace. */
function hasParts(parts: number): boolean {
  return parts > 0;
}

async function tablesOf({ storage }: Settings, patience: RetryProfile, observe?: ObserveTime): Promise<Tables> {
  const { openTables } = await import('./adapters/table-storage/tables.ts');
  return openTables(storage, patience, undefined, observe);
}

function tellOfClock(log: Logger, aheadMs: number): void {
  log.warn('clock.corrected', {
    code: 'NAC_CLOCK',
    action: "Nothing at once: the store's clock is gone by. Synchronise the clock of this machine (NTP).",
    aheadMs,
  });
}

async function serviceBusOf({ serviceBus }: Settings): Promise<() => ServiceBusClient> {
  if (serviceBus === undefined) throw new Error('no Service Bus is set');
  const { serviceBusConnector } = await import('./adapters/service-bus/service-bus-job-queue.ts');
  return serviceBusConnector(serviceBus);
}

async function examine(settings: Settings, clock: Clock): Promise<DoctorReport> {
  const { openDoctor } = await import('./app/open-doctor.ts');
  const doctor = await openDoctor(settings, clock);
  try {
    return await doctor.examine();
  } finally {
    await doctor.close();
  }
}

function checkFiles({ network: { extraCaFile }, entra: { credential } }: Settings): void {
  const problems: string[] = [];
  for (const check of [() => readCaFile(extraCaFile), () => checkClientCertificates(credential)]) {
    try {
      check();
    } catch (thrown) {
      problems.push(toConnectorError(thrown).message);
    }
  }
  if (problems.length > 0) throw new SettingsError(problems);
}

function writeLine(level: 'info' | 'warn' | 'error', line: string): void {
  (level === 'info' ? process.stdout : process.stderr).write(`${line}\n`);
}
