// Wires the doctor. Opens every dependency of this product for it, so that nothing counts as working because it did
// before.

import { systemRandom } from '../adapters/system/system-random.ts';
import { systemTimer } from '../adapters/system/system-timer.ts';
import { sourceState } from '../adapters/table-storage/source-state.ts';
import { probeStorage } from '../adapters/table-storage/storage-probe.ts';
import { TableClientStore } from '../adapters/table-storage/table-client-store.ts';
import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import { openTables, type TableConnection } from '../adapters/table-storage/tables.ts';
import { policyCheck } from '../doctor/checks/policy.ts';
import { serviceBusCheck } from '../doctor/checks/service-bus.ts';
import { sourcesCheck } from '../doctor/checks/sources.ts';
import { storageChecks } from '../doctor/checks/storage.ts';
import { type MatchQuality, matchQuality } from '../doctor/match-quality.ts';
import { runChecks } from '../doctor/run-checks.ts';
import { type DeviceView, showDevice } from '../doctor/show-device.ts';
import type { CheckReport, DoctorReport } from '../ports/check.ts';
import type { Clock } from '../ports/clock.ts';
import type { Env } from '../settings/settings-reader.ts';
import type { Settings } from '../settings.ts';
import { walkFleet } from '../walk-fleet.ts';
import { examineSources, setupsInForce } from './examine-sources.ts';
import { groupsOf } from './groups-that-are-read.ts';
import { joinedView } from './joined-view.ts';
import { openPolicySource } from './open-policy-source.ts';
import { openServiceBusProbe, type ServiceBusConnection } from './open-service-bus-probe.ts';
import { openSourceDefinitions } from './open-source-definitions.ts';
import { secretsOf } from './source-secrets.ts';

/** For the function app itself, or for an operator at a keyboard with another identity. */
export interface DoctorConnections {
  readonly storage: TableConnection;
  readonly serviceBus?: ServiceBusConnection | undefined;
}

export interface Doctor {
  examine(onReport?: (report: CheckReport) => void): Promise<DoctorReport>;
  /** One device as everybody sees it. @param asked MAC address, Intune or Entra device id, or name */
  showDevice(asked: string): Promise<DeviceView>;
  /** Which stored devices cannot be recognised. @param mostExamples of each problem */
  matchQuality(mostExamples: number): Promise<MatchQuality>;
  close(): Promise<void>;
}

export async function openDoctor(
  settings: Settings,
  clock: Clock,
  env: Env,
  { storage, serviceBus }: DoctorConnections = settings,
): Promise<Doctor> {
  const closing: (() => Promise<void>)[] = [];
  // A short deadline, as for a lookup: an operator who runs the doctor waits for it.
  const tables = await openTables(storage, 'lookup');
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  const parts = { settings, clock, timer: systemTimer, secretOf: secretsOf(env, settings) };
  const sources = await examineSources(await setupsInForce({ ...parts, log: silent }, tables));
  closing.push(...sources.map(({ close }) => close));
  const policies = openPolicySource({ settings, clock, log: silent }, tables, 0);
  const definitions = openSourceDefinitions({ settings, clock, log: silent }, tables, 0);
  const bus =
    serviceBus === undefined ? undefined : await openServiceBusProbe(serviceBus, new TableClientStore(tables.clients));
  if (bus) closing.push(bus.close);
  return {
    examine: (onReport) =>
      runChecks(
        [
          ...sources.flatMap(({ checks }) => checks),
          ...storageChecks({
            probe: () => probeStorage(tables, systemRandom),
            sources: sources.map(({ name, sweeps, limits }) => ({
              name,
              sweeps: sourceState(tables, name).sweeps,
              pollingIntervalMs: sweeps ? limits.pollingIntervalMs : undefined,
            })),
            clock,
          }),
          policyCheck({
            inForce: async () => (await policies.current({ fresh: true })).policy,
            groupsRead: async () => groupsOf((await definitions.definitionsInForce({ fresh: true })).definitions),
            computerDomains: settings.computerDomains,
          }),
          sourcesCheck({ inForce: () => definitions.definitionsInForce({ fresh: true }) }),
          serviceBusCheck(bus),
        ],
        clock,
        onReport,
      ),
    showDevice: (asked) =>
      showDevice(
        {
          sources,
          devices: new TableDeviceStore(tables.devices),
          identities: new TableIdentityStore(tables.identities),
          joined: joinedView(tables, { sources, clock, maxCheckInAgeMs: settings.maxCheckInAgeMs }),
        },
        asked,
      ),
    matchQuality: (mostExamples) => matchQuality(walkFleet(new TableDeviceStore(tables.devices)), mostExamples),
    async close() {
      for (const close of closing.splice(0)) await close();
    },
  };
}
