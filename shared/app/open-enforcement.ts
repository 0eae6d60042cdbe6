// Wires enforcement: what turns a change into a CoA job, sends it to the site and hears of its result.

import { TableClientStore } from '../adapters/table-storage/table-client-store.ts';
import { TableCountStore } from '../adapters/table-storage/table-count-store.ts';
import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import { TableJobStore } from '../adapters/table-storage/table-job-store.ts';
import { TableOverrideStore } from '../adapters/table-storage/table-override-store.ts';
import { TableSessionStore } from '../adapters/table-storage/table-session-store.ts';
import { TableTaskStore } from '../adapters/table-storage/table-task-store.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import type { DeviceChange } from '../domain/device/device-change.ts';
import { addMilliseconds, toInstant } from '../domain/instant.ts';
import type { Session } from '../domain/session/session.ts';
import { countJobs, type JobsFigure } from '../enforcement/count-jobs.ts';
import {
  decideJobForSession,
  decideJobsForChange,
  decideReauthentication,
  type OperatorRequest,
} from '../enforcement/decide-jobs.ts';
import { EagerPump } from '../enforcement/eager-pump.ts';
import { type EnforceDeps, Enforcer } from '../enforcement/enforce.ts';
import { listHeld } from '../enforcement/list-held.ts';
import { type JobFilter, type JobPage, listJobs } from '../enforcement/list-jobs.ts';
import { observedJobs } from '../enforcement/observed-jobs.ts';
import { newOutboxMemory } from '../enforcement/outbox-window.ts';
import { type PumpOptions, pumpOutbox } from '../enforcement/pump-outbox.ts';
import { recordReports } from '../enforcement/record-reports.ts';
import { RelayClocks } from '../enforcement/relay-clocks.ts';
import { RelayWords } from '../enforcement/relay-words.ts';
import { resendJob } from '../enforcement/resend-job.ts';
import { rememberedSiteKeys } from '../enforcement/site-keys.ts';
import { ConnectorError, toConnectorError } from '../errors.ts';
import { decideAgain } from '../lookup/decide-again.ts';
import { siteRecords } from '../lookup/site-records.ts';
import type { Logger } from '../ports/telemetry.ts';
import { type Context, joinRules, reachableWithin } from './context.ts';
import { BACKGROUND_POLICY_MEMORY_MS, openOverrideSource, openPolicySource } from './open-policy-source.ts';
import { openFleetStatus, openSweepStatus } from './sweep-status.ts';

/** A pass that an operator or a poll waits for; what it leaves is for the timer. */
const PUMP_MS = 20_000;
/** In the background a list of overrides may take longer. */
const OVERRIDES_WITHIN_MS = { first: 10_000, again: 5_000 };

export type Enforcement = Awaited<ReturnType<typeof openEnforcement>>;

export async function openEnforcement(context: Context) {
  const { settings, clock, random, timer, log, stopping, openTables, closing } = context;
  if (settings.serviceBus === undefined) throw notEnforcing();
  const { ServiceBusJobQueue, serviceBusJobLink } = await import('../adapters/service-bus/service-bus-job-queue.ts');
  const serviceBus = serviceBusJobLink(await context.serviceBus(), timer);
  closing.push(() => serviceBus.close());
  const tables = await openTables('background');
  const devices = new TableDeviceStore(tables.devices);
  const identities = new TableIdentityStore(tables.identities);
  const sweepStatus = openSweepStatus(context, tables);
  const policies = openPolicySource(context, tables, BACKGROUND_POLICY_MEMORY_MS);
  const overrides = openOverrideSource(context, tables, OVERRIDES_WITHIN_MS);
  const decideDeps = {
    records: siteRecords({ devices, identities, scope: context.scope }),
    policies,
    overrides,
    sweepStatus,
    maxCheckInAgeMs: settings.maxCheckInAgeMs,
    sourceReachableMs: reachableWithin(context.sources),
    joins: joinRules(context.sources),
    clock,
  };
  const telemetry = await context.telemetry();
  const jobs = new TableJobStore(tables, log);
  const clients = new TableClientStore(tables.clients);
  const deps: EnforceDeps = {
    sessions: new TableSessionStore(tables.sessions, { clock, log }),
    devices,
    jobs: telemetry ? observedJobs(jobs, telemetry) : jobs,
    telemetry,
    tasks: new TableTaskStore(tables.polling),
    queue: new ServiceBusJobQueue(serviceBus, () => clock.now().getTime()),
    fleetStatus: openFleetStatus(context, tables, sweepStatus),
    policies,
    sourcesSettledSince: async () => {
      await context.sources.inForce();
      return context.sources.settledSince;
    },
    overrides,
    overrideStore: new TableOverrideStore(tables.policies),
    identities,
    siteKeys: () => clients.siteKeys(),
    siteKeyOf: rememberedSiteKeys(() => clients.siteKeys(), clock),
    decideAgain: (session) => decideAgain(decideDeps, session),
    clock,
    random,
    stopping,
    log,
  };
  const limits = { inFlightPerSite: settings.jobsInFlightPerSite, compareEveryMs: settings.pollingIntervalMs };
  const memory = newOutboxMemory();
  const pump = async (options: PumpOptions = {}): Promise<void> => {
    const until = addMilliseconds(toInstant(clock.now()), PUMP_MS);
    await pumpOutbox(deps, limits, { until, memory, ...options }).catch(logPumpFailure(log));
  };
  const relayClocks = new RelayClocks(log);
  const namespaceOf = async (source: string): Promise<string> =>
    (await context.sources.inForce()).find(({ name }) => name === source)?.certificateIds ?? source;
  const relayWords = new RelayWords(new TableCountStore(tables.polling, log), log);
  const early = new EagerPump(() => pump());
  return {
    enforcer: new Enforcer(deps, limits),
    /** Jobs of the change are in the outbox before the change is removed. */
    async onChange(change: DeviceChange): Promise<void> {
      early.add(
        await decideJobsForChange({ ...deps, devices, identities, namespaceOf, joins: decideDeps.joins }, change),
      );
    },
    /** The session may be answered otherwise now, and no change of a device says so: it rested on none. */
    async reconsider(session: Session): Promise<void> {
      early.add((await decideJobForSession(deps, session)) ? 1 : 0);
    },
    /** The fast path: what a poll has decided is out at its end, if no round of the timer was faster. */
    pumpDecided: (): Promise<void> => early.flush(),
    report: (body: unknown): Promise<void> => recordReports({ ...deps, relayClocks, relayWords }, body),
    async jobs(filter: JobFilter): Promise<JobPage> {
      const page = await listJobs(deps, filter);
      const { notEnforced, stage, after } = filter;
      // They have no job, so no stage, and are listed once.
      if (!notEnforced || stage !== undefined || after !== undefined) return page;
      return { ...page, held: await listHeld({ ...deps, devices }, filter) };
    },
    /** @param budgetMs no further job is looked at after so long */
    countJobs: (budgetMs: number): Promise<JobsFigure> => countJobs(deps, budgetMs),
    async resend(site: string, id: string): Promise<string> {
      const job = await resendJob({ ...deps, devices }, site, id);
      await pump({ site });
      return job;
    },
    /** @param key of a device that is stored */
    async reauthenticate(key: DeviceKey, asked: OperatorRequest): Promise<string[]> {
      const jobs = await decideReauthentication({ ...deps, devices }, key, asked);
      await pump();
      return jobs;
    },
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
