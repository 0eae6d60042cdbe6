// What operators may do, each in their own name: who asks is authenticated, what they change is noted in the audit, and
// only then it is done.

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
import type { Settings } from '../settings.ts';
import type { Context } from './context.ts';
import { coalesced, lazy } from './lazy.ts';
import type { Audit } from './open-audit.ts';
import { type DecisionAudit, openDecisions } from './open-decisions.ts';
import type { Enforcement } from './open-enforcement.ts';
import { type MadeOverride, openOverrides } from './open-overrides.ts';
import { openPolicy, type PolicyAdmin, type PolicyChange } from './open-policy.ts';
import { policyOfSettings } from './open-policy-source.ts';
import { openPollControl } from './open-poll.ts';
import type { OperatorAccess } from './operator-access.ts';
import { openStoredDevice } from './stored-device.ts';

export interface OperatorActions {
  /** How the poll is doing, for operators. */
  pollStatus(apiKey: string | null): Promise<PollOverview>;
  /**
   * An operator lets through what a run held; the next tick of the poll applies it.
   * @param body the request as it came: `{"runId": "…", "reason": "…"}`
   */
  releaseHeld(apiKey: string | null, body: RequestBody): Promise<HeldRun>;
  /** An operator refuses what a run held: it stays held. @param body as for a release */
  refuseHeld(apiKey: string | null, body: RequestBody): Promise<HeldRun>;
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
  readonly refresh: (device: DeviceKey) => Promise<RefreshedDevice>;
}

export function operatorActions(
  context: Context,
  { operators, enforcement, audit, refresh }: SharedParts,
): OperatorActions {
  const { settings, clock, log, sources, scope, openTables } = context;
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
  const decisions = lazy(() => openDecisions(context));
  const overridesOf = lazy(() => openOverrides(context, operators));
  const pollControl = lazy(() => openPollControl(context));
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
    const device = await (await storedDevice())(deviceId, site);
    await operators.note(client, { action, target: device.id, ...(site !== undefined && { site }), ...why });
    const source = await refresh(device);
    return {
      source,
      jobs: await (await enforcement()).reauthenticate(device, { by: client.name, action, onlySite: site }),
    };
  };

  return {
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
      const device = await (await storedDevice())(deviceId, operators.siteOf(client, undefined));
      await operators.note(client, { action: 'refresh-device', target: device.id, ...why });
      return { source: await refresh(device) };
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
    async doctor(apiKey) {
      await operators.may(apiKey, 'doctor');
      return doctor();
    },
  };
}

async function examine(settings: Settings, clock: Clock): Promise<DoctorReport> {
  const { openDoctor } = await import('./open-doctor.ts');
  const doctor = await openDoctor(settings, clock);
  try {
    return await doctor.examine();
  } finally {
    await doctor.close();
  }
}
