// The only place that wires adapters to flows, a part in each file of app/. Everything is opened on first use: an
// instance that answers lookups never loads what polling needs, and the other way round.

import type { ServiceBusClient } from '@azure/service-bus';
import { checkClientCertificates } from './adapters/entra/client-certificate.ts';
import { readCaFile } from './adapters/https/ca-file.ts';
import type { HttpsTransport } from './adapters/https/https-transport.ts';
import type { IntuneAccess } from './adapters/intune/open-intune-source.ts';
import { compressText } from './adapters/system/compress-text.ts';
import { createJsonLineLogger } from './adapters/system/json-line-logger.ts';
import { systemClock } from './adapters/system/system-clock.ts';
import { systemRandom } from './adapters/system/system-random.ts';
import { systemTimer } from './adapters/system/system-timer.ts';
import { CommonClock, type ObserveTime } from './adapters/table-storage/common-clock.ts';
import { TableTaskStore } from './adapters/table-storage/table-task-store.ts';
import type { RetryProfile, Tables } from './adapters/table-storage/tables.ts';
import type { OpenedTelemetry } from './adapters/telemetry/open-telemetry.ts';
import { type ConsoleActions, consoleActions } from './app/console-actions.ts';
import type { Context } from './app/context.ts';
import { GracefulShutdown } from './app/graceful-shutdown.ts';
import { lazy } from './app/lazy.ts';
import { openAudit } from './app/open-audit.ts';
import { openChangeListener } from './app/open-change-listener.ts';
import { openCounting } from './app/open-counting.ts';
import { openEnforcement } from './app/open-enforcement.ts';
import { openHousekeeping } from './app/open-housekeeping.ts';
import { openLookup } from './app/open-lookup.ts';
import { openMdmApi } from './app/open-mdm-api.ts';
import { openNoncompliantIndex } from './app/open-noncompliant-index.ts';
import { openOperatorTokens } from './app/open-operator-tokens.ts';
import { openPoll } from './app/open-poll.ts';
import { openSourceDefinitions } from './app/open-source-definitions.ts';
import { OperatorAccess } from './app/operator-access.ts';
import { type OperatorActions, operatorActions } from './app/operator-actions.ts';
import { readRemembered } from './app/remembered-sources.ts';
import { setUpSource } from './app/set-up-source.ts';
import type { SourceParts } from './app/source-parts.ts';
import { scopeOf } from './app/source-scope.ts';
import { secretsOf } from './app/source-secrets.ts';
import { createSourceSet } from './app/source-set.ts';
import type { SourceSetup } from './app/source-setup.ts';
import { telemetryOf } from './app/telemetry.ts';
import { COMPARISON_LIMITS, QuerySlots } from './console/query-slots.ts';
import { delayRedelivery } from './enforcement/delay-redelivery.ts';
import type { Removed } from './enforcement/purge-expired.ts';
import { SettingsError, toConnectorError } from './errors.ts';
import { RefusalReport } from './http/refusal-report.ts';
import type { RequestBody } from './http/request-body.ts';
import type { LookupAnswer } from './lookup/answer-lookup.ts';
import type { AccountingResult } from './lookup/record-accounting.ts';
import type { MdmRequest } from './mdm-api/mdm-question.ts';
import type { SliceResult } from './polling/sweep/sweep.ts';
import type { ChangeListener } from './ports/change-listener.ts';
import type { Clock } from './ports/clock.ts';
import type { Random } from './ports/random.ts';
import { type Logger, traced } from './ports/telemetry.ts';
import type { Timer } from './ports/timer.ts';
import type { Env } from './settings/settings-reader.ts';
import type { Settings } from './settings.ts';

/** How old the definitions of sources may be that are remembered. */
const DEFINITIONS_MEMORY_MS = 60_000;

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
  readonly openTables?: (profile: RetryProfile, observe: ObserveTime) => Promise<Tables>;
  readonly connectServiceBus?: () => ServiceBusClient;
  /** By the name of the source: every tenant in place of the real one. */
  readonly openIntune?: (name: string) => IntuneAccess;
  /** To the authority at which people sign in. */
  readonly signInTransport?: Pick<HttpsTransport, 'send'>;
  /** Where secrets of sources stand, by the names of settings; nothing, unless given. */
  readonly env?: Env;
  /** Beside those that are defined. */
  readonly moreSources?: readonly SourceSetup[];
  readonly openTelemetry?: () => Promise<OpenedTelemetry>;
}

export interface App extends OperatorActions, ConsoleActions {
  readonly settings: Settings;
  readonly log: Logger;
  /** How refused requests are logged. */
  readonly refusals: RefusalReport;
  /** A text as gzip. */
  compress(text: string): Promise<Uint8Array>;
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
   * Answers a request of Cisco's MDM API, as XML.
   * @param request its method, path and parameters @param body read only when the asker is known
   * @throws RequestError for the asker's faults, StoreError when the store does not answer in time
   */
  mdmApi(apiKey: string | null, request: MdmRequest, body: RequestBody): Promise<string>;
  /**
   * Works one slice of the sweep, if one is due.
   * @param functionTimeoutMs how long the host lets a function run before it ends the process
   */
  poll(functionTimeoutMs: number): Promise<SliceResult>;
  /**
   * Counts for the console what is due: decisions, live sessions, jobs. It never fails.
   * @param functionTimeoutMs how long the host lets a function run before it ends the process
   */
  count(functionTimeoutMs: number): Promise<void>;
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
   * Removes decisions, sessions, jobs and audit entries that have been over for long, as many as time suffices for.
   * @param functionTimeoutMs how long the host lets a function run before it ends the process; two minutes unless given
   */
  purgeExpired(functionTimeoutMs?: number): Promise<Removed>;
  close(): Promise<void>;
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
  // A clock that is put in place of the machine's is meant to differ from the store's.
  const observe = overrides.clock === undefined ? clock.observe : undefined;
  const openTables = async (profile: RetryProfile): Promise<Tables> =>
    overrides.openTables?.(profile, clock.observe) ?? tablesOf(settings, profile, observe);
  const serviceBus = lazy(async () => overrides.connectServiceBus ?? (await serviceBusOf(settings)));
  let collected: OpenedTelemetry | undefined;
  const telemetry = lazy(async () => {
    collected = await (overrides.openTelemetry?.() ?? telemetryOf(settings, { clock, log }));
    return collected;
  });
  const backgroundTables = lazy(() => openTables('background'));
  const parts: SourceParts = { settings, clock, timer, secretOf: secretsOf(overrides.env ?? {}, settings) };
  const sources = createSourceSet({
    definitions: lazy(async () =>
      openSourceDefinitions({ settings, clock, log }, await backgroundTables(), DEFINITIONS_MEMORY_MS),
    ),
    remembered: async () => readRemembered(new TableTaskStore((await backgroundTables()).polling, log)),
    setUp: (definition) => setUpSource(definition, parts, overrides.openIntune),
    more: overrides.moreSources ?? [],
    clock,
    timer,
    log,
  });
  closing.push(() => sources.close());
  const context: Context = {
    settings,
    clock,
    timer,
    random,
    log,
    refusals,
    stopping: end.stopping,
    sources,
    env: overrides.env ?? {},
    scope: scopeOf(() => sources.inForce()),
    openTables,
    serviceBus,
    telemetry,
    closing,
    mostRemembered,
  };

  const enforces = settings.serviceBus !== undefined;
  const lookup = lazy(() => openLookup(context, openOperatorTokens(context, overrides.signInTransport)));
  const mdmApi = lazy(async () => openMdmApi(context, await lookup()));
  const noncompliantIndex = lazy(() => openNoncompliantIndex(context));
  const counting = lazy(() =>
    openCounting(context, enforces ? async (budgetMs) => (await enforcement()).countJobs(budgetMs) : undefined),
  );
  const enforcement = lazy(() => openEnforcement(context));
  const audit = lazy(() => openAudit(context));
  const operators = new OperatorAccess(
    {
      client: async (apiKey, permission) => (await lookup()).authenticate(apiKey, permission),
      person: async (token, permission) => (await lookup()).person(token, permission),
    },
    audit,
  );
  const slots = new QuerySlots(clock);
  const comparisons = new QuerySlots(clock, COMPARISON_LIMITS);
  const housekeeping = lazy(() => openHousekeeping(context));
  const onChange = lazy(() => openChangeListener(context, overrides.onChange, enforcement));
  const poll = openPoll(context, async () => ({
    onChange: await onChange(),
    onAnswerable: async (session) => {
      if (enforces) await (await enforcement()).reconsider(session);
    },
    sendDecided: async () => {
      if (enforces) await (await enforcement()).pumpDecided();
    },
  }));

  const app: App = {
    ...operatorActions(context, {
      ...{ operators, enforcement, audit, slots, comparisons },
      refresh: (device) => poll.refresh(device),
    }),
    ...consoleActions(context, {
      operators,
      slots,
      listJobs: enforces ? async (filter) => (await enforcement()).jobs(filter) : undefined,
    }),
    settings,
    log,
    refusals,
    compress: compressText,
    lookup: async (apiKey, body) => (await lookup()).lookup(apiKey, body),
    mdmApi: async (apiKey, request, body) => (await mdmApi())(apiKey, request, body),
    accounting: async (apiKey, body) => (await lookup()).accounting(apiKey, body),
    async poll(functionTimeoutMs) {
      return traced(await telemetry(), 'nac.poll', { reportIf: hasParts }, async () => {
        const index = await noncompliantIndex();
        await index.begin(functionTimeoutMs);
        try {
          return await poll.tick(functionTimeoutMs);
        } finally {
          // What is stored is in order whether a source answers or not.
          await index.keep(functionTimeoutMs);
        }
      });
    },
    count: async (functionTimeoutMs) => (await counting())(functionTimeoutMs),
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
    purgeExpired: async (functionTimeoutMs = 120_000) => (await housekeeping())(functionTimeoutMs),
    async close() {
      const flushed = collected?.flush();
      try {
        await end.begin(() => sources.leave());
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
    count: (functionTimeoutMs) => end.waitedFor(() => app.count(functionTimeoutMs)),
    enforce: (functionTimeoutMs) => end.waitedFor(() => app.enforce(functionTimeoutMs)),
    purgeExpired: (functionTimeoutMs) => end.waitedFor(() => app.purgeExpired(functionTimeoutMs)),
    report: (body, deliveries) => end.waitedFor(() => app.report(body, deliveries)),
  };
}

/** A tick or round that found nothing to do is no trace. */
function hasParts(parts: number): boolean {
  return parts > 0;
}

async function tablesOf({ storage }: Settings, profile: RetryProfile, observe?: ObserveTime): Promise<Tables> {
  const { openTables } = await import('./adapters/table-storage/tables.ts');
  return openTables(storage, profile, undefined, observe);
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
