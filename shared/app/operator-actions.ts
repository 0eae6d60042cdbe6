// What operators may do, each in their own name: who asks is authenticated, what they change is noted in the audit, and
// only then it is done.

import type { QuerySlots } from '../console/query-slots.ts';
import type { Credential } from '../domain/carried-credential.ts';
import type { CoaAction } from '../domain/coa-job.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import { toInstant } from '../domain/instant.ts';
import type { JobPage } from '../enforcement/list-jobs.ts';
import { readJobQuery } from '../enforcement/read-job-query.ts';
import { readReason } from '../http/read-reason.ts';
import { type RequestBody, readBody } from '../http/request-body.ts';
import type { ShownOverride } from '../http/show-override.ts';
import type { HeldRun } from '../polling/breaker/mass-change.ts';
import type { RefreshedDevice } from '../polling/point-reads/refresh-device.ts';
import type { PollOverview } from '../polling/poll-status.ts';
import { readReleaseRequest } from '../polling/read-release-request.ts';
import type { AuditPage } from '../ports/audit-store.ts';
import type { DoctorReport } from '../ports/check.ts';
import type { Clock } from '../ports/clock.ts';
import { sourcesAt } from '../ports/source-scope.ts';
import type { Env } from '../settings/settings-reader.ts';
import type { Settings } from '../settings.ts';
import type { Context } from './context.ts';
import { definitionsOfSettings } from './definitions-of-settings.ts';
import { coalesced, lazy } from './lazy.ts';
import type { Audit } from './open-audit.ts';
import { type DecisionAudit, openDecisions } from './open-decisions.ts';
import type { Enforcement } from './open-enforcement.ts';
import { type MadeOverride, openOverrides } from './open-overrides.ts';
import { openPolicy, type PolicyAdmin, type PolicyChange } from './open-policy.ts';
import { policyOfSettings } from './open-policy-source.ts';
import { openPollControl } from './open-poll.ts';
import { sourceDefaults } from './open-source-definitions.ts';
import { openSourcesAdmin, type SourcesAdmin, type SourcesChange } from './open-sources-admin.ts';
import type { OperatorAccess } from './operator-access.ts';
import { openStoredDevice } from './stored-device.ts';

export interface OperatorActions {
  /** How the poll is doing, for operators. */
  pollStatus(credential: Credential): Promise<PollOverview>;
  /**
   * An operator lets through what a run held; the next tick of the poll applies it.
   * @param body the request as it came: `{"runId": "…", "reason": "…"}`
   */
  releaseHeld(credential: Credential, body: RequestBody): Promise<HeldRun>;
  /** An operator refuses what a run held: it stays held. @param body as for a release */
  refuseHeld(credential: Credential, body: RequestBody): Promise<HeldRun>;
  /**
   * A page of jobs, newest first, for operators.
   * @throws RequestError naming a parameter that is wrong
   */
  jobs(credential: Credential, query: Iterable<[string, string]>): Promise<JobPage>;
  /** Has a job sent again that came to nothing. @returns the id of the job that goes out */
  resend(credential: Credential, site: string, jobId: string, body?: RequestBody): Promise<string>;
  /** Has a device's stations authenticate again, after it was read from its source. */
  reauthenticate(credential: Credential, deviceId: string, body?: RequestBody): Promise<AskedForDevice>;
  /** The same, but the stations are disconnected. */
  disconnect(credential: Credential, deviceId: string, body?: RequestBody): Promise<AskedForDevice>;
  /** Reads a stored device from its source, now. @throws RequestError NAC_DEVICE_UNKNOWN */
  refreshDevice(credential: Credential, deviceId: string, body?: RequestBody): Promise<Omit<AskedForDevice, 'jobs'>>;
  /** The next tick of the poll begins a sweep. @throws RequestError NAC_POLL_NO_SWEEP */
  sweepNow(credential: Credential, body?: RequestBody): Promise<'asked-for' | 'under-way'>;
  /** The overrides that the asker may see, newest first. */
  overrides(credential: Credential): Promise<{ readonly overrides: readonly ShownOverride[] }>;
  /** Blocks, or lets on. @param body as readOverrideRequest reads it @throws RequestError */
  makeOverride(credential: Credential, body: RequestBody): Promise<MadeOverride>;
  /** Ends an override early. @throws RequestError NAC_OVERRIDE_UNKNOWN, NAC_CLIENT_SITE */
  endOverride(credential: Credential, id: string, body?: RequestBody): Promise<ShownOverride>;
  /** What an operator may do with policies, in the operator's own name. */
  policies(credential: Credential): Promise<PolicyAdmin>;
  /** What an operator may do with versions of sources.yaml, in the operator's own name. */
  sources(credential: Credential): Promise<SourcesAdmin>;
  /** Walks every dependency, for operators. Those who ask at the same time get the same report. */
  doctor(credential: Credential): Promise<DoctorReport>;
  /** What an operator may ask about decisions that were made. */
  decisions(credential: Credential): Promise<DecisionAudit>;
  /** A page of the audit, newest first, of the sites that the asker may see. */
  audit(credential: Credential, query: Iterable<[string, string]>): Promise<AuditPage>;
}

export interface AskedForDevice {
  /** What its source says of it; where that is away, the code says why, and what is stored stands. */
  readonly source: RefreshedDevice;
  /** Ids of the jobs for its stations. */
  readonly jobs: readonly string[];
}

/** What the actions share with the rest of the app. */
export interface SharedParts {
  readonly operators: OperatorAccess;
  readonly enforcement: () => Promise<Enforcement>;
  readonly audit: () => Promise<Audit>;
  /** Places for questions, so that they do not slow lookups. */
  readonly slots: QuerySlots;
  /** Places for comparisons, which take longer than any question. */
  readonly comparisons: QuerySlots;
  readonly refresh: (device: DeviceKey) => Promise<RefreshedDevice>;
}

export function operatorActions(
  context: Context,
  { operators, enforcement, audit, slots, comparisons, refresh }: SharedParts,
): OperatorActions {
  const { settings, clock, env, log, sources, scope, openTables } = context;
  const policy = lazy(() => {
    const { jobsInFlightPerSite, maxCheckInAgeMs } = settings;
    return openPolicy({
      sources,
      scope,
      openTables,
      jobsInFlightPerSite,
      maxCheckInAgeMs,
      builtIn: policyOfSettings(settings),
      clock,
      log,
    });
  });
  const sourcesAdmin = lazy(() =>
    openSourcesAdmin({
      ...{ openTables, clock, log },
      defaults: sourceDefaults(settings),
      builtIn: definitionsOfSettings(settings),
    }),
  );
  const decisions = lazy(() => openDecisions(context));
  const overridesOf = lazy(() => openOverrides(context, operators));
  const pollControl = lazy(() => openPollControl(context));
  const doctor = coalesced(() => examine(settings, clock, env));
  const storedDevice = lazy(() => openStoredDevice(context));
  const actOnDevice = async (
    credential: Credential,
    deviceId: string,
    body: RequestBody | undefined,
    action: CoaAction,
  ): Promise<AskedForDevice> => {
    const operator = await operators.may(credential, action);
    const { sites, by } = operator;
    const why = readReason(await readBody(body ?? ''));
    const device = await (await storedDevice())(deviceId, sites);
    await operators.noteAt(operator, sites, { action, target: device.id, ...why });
    const source = await refresh(device);
    return { source, jobs: await (await enforcement()).reauthenticate(device, { by, action, sites }) };
  };

  return {
    async pollStatus(credential) {
      const { name, sites } = await operators.may(credential, 'poll-status');
      return slots.run(name, async () => (await pollControl()).status(sites));
    },
    async releaseHeld(credential, body) {
      const operator = await operators.may(credential, 'poll-release');
      const request = readReleaseRequest(await readBody(body));
      await operators.note(operator, { action: 'release-held', target: request.runId, reason: request.reason });
      return (await pollControl()).release(request, operator.by);
    },
    async refuseHeld(credential, body) {
      const operator = await operators.may(credential, 'poll-refuse');
      const request = readReleaseRequest(await readBody(body));
      await operators.note(operator, { action: 'refuse-held', target: request.runId, reason: request.reason });
      return (await pollControl()).refuse(request, operator.by);
    },
    async jobs(credential, query) {
      const operator = await operators.may(credential, 'jobs');
      const { site, ...filter } = readJobQuery(query, toInstant(clock.now()));
      const sites = operators.sitesFor(operator, site);
      return slots.run(operator.name, async () => (await enforcement()).jobs({ ...filter, sites }));
    },
    async resend(credential, site, jobId, body = '') {
      const operator = await operators.may(credential, 'resend-job');
      operators.sitesFor(operator, site);
      const why = readReason(await readBody(body));
      await operators.note(operator, {
        action: 'resend-job',
        target: jobId.slice(0, 80),
        site: site.slice(0, 40),
        ...why,
      });
      return (await enforcement()).resend(site, jobId);
    },
    reauthenticate: (credential, deviceId, body) => actOnDevice(credential, deviceId, body, 'reauthenticate'),
    disconnect: (credential, deviceId, body) => actOnDevice(credential, deviceId, body, 'disconnect'),
    async refreshDevice(credential, deviceId, body = '') {
      const operator = await operators.may(credential, 'refresh-device');
      const why = readReason(await readBody(body));
      const device = await (await storedDevice())(deviceId, operator.sites);
      await operators.note(operator, { action: 'refresh-device', target: device.id, ...why });
      return { source: await refresh(device) };
    },
    async sweepNow(credential, body = '') {
      const operator = await operators.may(credential, 'poll-sweep');
      const why = readReason(await readBody(body));
      const control = await pollControl();
      await operators.note(operator, { action: 'sweep-now', target: (await control.swept()).join(' '), ...why });
      return (await control.sweepNow()) ? 'asked-for' : 'under-way';
    },
    async overrides(credential) {
      const operator = await operators.may(credential, 'overrides');
      return slots.run(operator.name, async () => (await overridesOf()).list(operator));
    },
    async makeOverride(credential, body) {
      const operator = await operators.may(credential, 'make-override');
      return (await overridesOf()).make(operator, await readBody(body));
    },
    async endOverride(credential, id, body = '') {
      const operator = await operators.may(credential, 'end-override');
      const { reason } = readReason(await readBody(body));
      return (await overridesOf()).end(operator, id, reason);
    },
    async policies(credential) {
      const operator = await operators.may(credential, 'policies');
      const beforeChange = async (change: PolicyChange): Promise<void> => {
        operators.require(operator, change.action);
        await operators.note(operator, change);
      };
      const admin = (await policy())(operator.by, beforeChange, (asked) => operators.sitesFor(operator, asked));
      const { overview, text, macListText, whatIf } = admin;
      const asked = <T>(work: () => Promise<T>): Promise<T> => slots.run(operator.name, work);
      return {
        ...admin,
        overview: () => asked(overview),
        text: (version) => asked(() => text(version)),
        macListText: (list) => asked(() => macListText(list)),
        whatIf: (...draft) => comparisons.run(operator.name, () => whatIf(...draft)),
      };
    },
    async sources(credential) {
      const operator = await operators.may(credential, 'sources');
      const admin = (await sourcesAdmin())(operator.by, async (change: SourcesChange) => {
        operators.require(operator, change.action);
        await operators.note(operator, change);
      });
      return {
        ...admin,
        overview: () => slots.run(operator.name, admin.overview),
        async text(version) {
          // Names of versions are no secret from readers; what stands in them is for those of every site.
          const text = await slots.run(operator.name, () => admin.text(version));
          operators.require(operator, 'sources-text');
          return text;
        },
      };
    },
    async decisions(credential) {
      const operator = await operators.may(credential, 'decisions');
      const open = await decisions();
      const { list, search, explain, replay } = open(operator.sites, (asked) => operators.sitesFor(operator, asked));
      return {
        list: (query) => slots.run(operator.name, async () => list(query)),
        search: (body) => slots.run(operator.name, async () => search(body)),
        explain: (id) => slots.run(operator.name, () => explain(id)),
        replay: (id, version) => slots.run(operator.name, () => replay(id, version)),
      };
    },
    async audit(credential, query) {
      const operator = await operators.may(credential, 'audit');
      return slots.run(operator.name, async () =>
        (await audit()).list(query, (asked) => operators.sitesFor(operator, asked)),
      );
    },
    async doctor(credential) {
      const operator = await operators.may(credential, 'doctor');
      // It names the tenants and servers of every source.
      const { only } = operator.sites === 'every' ? {} : await sourcesAt(scope, operator.sites);
      if (only !== undefined) operators.require(operator, 'doctor');
      return doctor();
    },
  };
}

async function examine(settings: Settings, clock: Clock, env: Env): Promise<DoctorReport> {
  const { openDoctor } = await import('./open-doctor.ts');
  const doctor = await openDoctor(settings, clock, env);
  try {
    return await doctor.examine();
  } finally {
    await doctor.close();
  }
}
