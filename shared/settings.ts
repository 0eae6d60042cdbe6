// Reads the application settings once, reports every problem at once, and gives back a frozen result.

import { COMPLIANCE_STATES, type ComplianceState } from './domain/device/compliance-state.ts';
import { ASSURANCES, type Assurance } from './domain/identity/identity.ts';
import type { ConsoleRegistration } from './ports/console-registration.ts';
import { PRIVACY_MODES, type PrivacyMode } from './ports/privacy-mode.ts';
import {
  readServiceBusSetting,
  readStorageSetting,
  type ServiceBusSetting,
  type StorageSetting,
} from './settings/connection-settings.ts';
import { readConsoleSettings } from './settings/console-settings.ts';
import { type MdmApiSettings, readMdmApiSettings } from './settings/mdm-api-settings.ts';
import { type MdmSettings, readMdmSettings } from './settings/mdm-settings.ts';
import { type RoleSetting, readRoleSetting } from './settings/role-setting.ts';
import { type Env, SettingsReader } from './settings/settings-reader.ts';
import { readSignInSettings, type SignInSettings } from './settings/sign-in-settings.ts';
import {
  readFreshnessObjective,
  readTelemetrySettings,
  type TelemetrySettings,
} from './settings/telemetry-settings.ts';

/** Which of Intune's APIs may be used. Set, not guessed, so that a lost consent shows as an error. */
export const INTUNE_PERMISSIONS = ['full', 'compliance-only'] as const;

export interface Settings extends SignInSettings {
  readonly storage: StorageSetting;
  /** Absent: compliance changes are known, but not enforced. */
  readonly serviceBus?: ServiceBusSetting;
  /** Absent: Intune is the only source. */
  readonly mdm?: MdmSettings;
  /** Absent: no console, and no person signs in. */
  readonly console?: ConsoleRegistration;
  readonly pollingIntervalMs: number;
  /** Absent: changes are found by sweeps alone. */
  readonly changedDevicesIntervalMs: number | undefined;
  readonly entraDeviceDelta: boolean;
  /** Absent: Ethernet MAC and UDID are not fetched. */
  readonly hardwareMaxAgeMs: number | undefined;
  readonly fastLaneMs: number | undefined;
  readonly compliantStates: readonly ComplianceState[];
  readonly mdmApi: MdmApiSettings;
  readonly maxCheckInAgeMs: number;
  /** `share` from 0 to 1. */
  readonly massChange: { readonly share: number; readonly least: number };
  /** How old compliance of a device that has authenticated may grow where there is no sweep. */
  readonly reauthIntervalMs: number;
  readonly intunePermissions: (typeof INTUNE_PERMISSIONS)[number];
  readonly pollSchedule: string;
  readonly compliantRole: RoleSetting;
  readonly quarantineRole: RoleSetting;
  readonly weakIdentityRole: RoleSetting;
  readonly minimumAssurance: Assurance;
  /** Lower case; absent: computer accounts of any domain count. */
  readonly computerDomains: readonly string[] | undefined;
  readonly enforceSchedule: string;
  readonly jobsInFlightPerSite: number;
  readonly jobHistoryMs: number;
  readonly decisionHistoryMs: number;
  readonly auditHistoryMs: number;
  /** How long the record of a device that is gone is kept. */
  readonly deviceHistoryMs: number;
  readonly housekeepingSchedule: string;
  readonly lookupDeadlineMs: number;
  readonly unwritten: {
    readonly writeDeadlineMs: number;
    readonly permitSeconds: number;
    readonly unknownStationsPerMinute: number;
    readonly newSessionsPerMinute: number;
  };
  /** Of one client at one instance; 0 for no bound. */
  readonly clientRequestsPerSecond: number;
  readonly liveQuery: { readonly deadlineMs: number; readonly perSecond: number; readonly maximumInstances: number };
  /** Milliseconds that the record behind an answer may be old. */
  readonly freshnessObjectiveMs: number;
  readonly telemetry: TelemetrySettings;
  readonly logPrivacy: { readonly mode: PrivacyMode; readonly key?: string };
}

/** @throws SettingsError naming every problem and how to mend it */
export function readSettings(env: Env): Settings {
  const reader = new SettingsReader(env);
  const signIn = readSignInSettings(reader);
  const storage = readStorageSetting(reader);
  const serviceBus = readServiceBusSetting(reader);
  const mdm = readMdmSettings(reader);
  const people = readConsoleSettings(reader, signIn.entra);
  const pollingIntervalMs = reader.duration('POLLING_INTERVAL', { from: '1s', to: '1d', unit: 'm' });
  const settings: Settings = {
    ...signIn,
    storage,
    ...(serviceBus && { serviceBus }),
    ...(mdm && { mdm }),
    ...(people && { console: people }),
    pollingIntervalMs,
    changedDevicesIntervalMs: reader.durationOrOff('CHANGED_DEVICES_INTERVAL', { from: '10s', to: '1h', unit: 'm' }),
    entraDeviceDelta: reader.oneOf('ENTRA_DEVICE_DELTA', ['on', 'off']) === 'on',
    hardwareMaxAgeMs: reader.durationOrOff('HARDWARE_MAX_AGE', { from: '1h', to: '365d', unit: 'm' }),
    fastLaneMs: reader.durationOrOff('FAST_LANE', { from: '1m', to: '1d', unit: 'm' }),
    compliantStates: reader.severalOf('COMPLIANT_STATES', COMPLIANCE_STATES),
    mdmApi: readMdmApiSettings(reader),
    maxCheckInAgeMs: reader.duration('MAX_CHECK_IN_AGE', { from: '1d', to: '365d', unit: 'm' }),
    massChange: {
      share: reader.wholeNumber('MASS_CHANGE_PERCENT', 1, 100) / 100,
      least: reader.wholeNumber('MASS_CHANGE_DEVICES', 1, 1_000_000),
    },
    reauthIntervalMs: reader.duration('COMPLIANCE_REAUTH_INTERVAL', { from: '1m', to: '7d', unit: 'm' }),
    intunePermissions: reader.oneOf('INTUNE_PERMISSIONS', INTUNE_PERMISSIONS),
    pollSchedule: reader.schedule('POLL_SCHEDULE'),
    compliantRole: readRoleSetting(reader, 'COMPLIANT'),
    quarantineRole: readRoleSetting(reader, 'QUARANTINE'),
    weakIdentityRole: readRoleSetting(reader, 'WEAK_IDENTITY'),
    minimumAssurance: reader.oneOf('MINIMUM_ASSURANCE', ASSURANCES),
    computerDomains: reader.domains('COMPUTER_DOMAINS'),
    enforceSchedule: reader.schedule('ENFORCE_SCHEDULE'),
    jobsInFlightPerSite: reader.wholeNumber('JOBS_IN_FLIGHT_PER_SITE', 1, 1000),
    jobHistoryMs: reader.duration('JOB_HISTORY', { from: '1d', to: '365d', unit: 'd' }),
    decisionHistoryMs: reader.duration('DECISION_HISTORY', { from: '1h', to: '90d', unit: 'd' }),
    auditHistoryMs: reader.duration('AUDIT_HISTORY', { from: '1d', to: '3650d', unit: 'd' }),
    deviceHistoryMs: reader.duration('DEVICE_HISTORY', { from: '1d', to: '3650d', unit: 'd' }),
    housekeepingSchedule: reader.schedule('HOUSEKEEPING_SCHEDULE'),
    lookupDeadlineMs: reader.duration('LOOKUP_DEADLINE', { from: '50ms', to: '10s', unit: 'ms' }),
    unwritten: {
      // With LOOKUP_DEADLINE it stays below the total timeout of the FreeRADIUS sample, 2.5 s.
      writeDeadlineMs: reader.duration('SESSION_WRITE_DEADLINE', { from: '50ms', to: '1500ms', unit: 'ms' }),
      permitSeconds: reader.duration('UNWRITTEN_SESSION_TIMEOUT', { from: '1m', to: '1h', unit: 's' }) / 1000,
      unknownStationsPerMinute: reader.wholeNumber('UNKNOWN_STATIONS_PER_MINUTE', 1, 1_000_000),
      newSessionsPerMinute: reader.wholeNumber('NEW_SESSIONS_PER_MINUTE', 1, 1_000_000),
    },
    clientRequestsPerSecond: reader.wholeNumber('CLIENT_REQUESTS_PER_SECOND', 0, 100_000),
    liveQuery: {
      // 1.9 s less than the total timeout of the FreeRADIUS sample, or the answer comes too late.
      deadlineMs: reader.duration('LIVE_QUERY_DEADLINE', { from: '50ms', to: '600ms', unit: 'ms' }),
      perSecond: reader.wholeNumber('LIVE_QUERIES_PER_SECOND', 0, 10_000),
      maximumInstances: reader.wholeNumber('MAXIMUM_INSTANCE_COUNT', 1, 1000),
    },
    freshnessObjectiveMs: readFreshnessObjective(reader, pollingIntervalMs),
    telemetry: readTelemetrySettings(reader),
    logPrivacy: readLogPrivacy(reader),
  };
  reader.throwIfProblems();
  return deepFreeze(settings);
}

function readLogPrivacy(reader: SettingsReader): Settings['logPrivacy'] {
  const mode = reader.oneOf('LOG_IDENTITY_PRIVACY', PRIVACY_MODES);
  const key = reader.text('LOG_IDENTITY_KEY');
  return { mode, ...(key !== undefined && { key }) };
}

/** What describes the policy in force until one is activated. */
export type BuiltInPolicySetting =
  | 'compliantRole'
  | 'quarantineRole'
  | 'weakIdentityRole'
  | 'minimumAssurance'
  | 'compliantStates';

/** The settings of `npm run policy` beside those of the store; the same defaults as the app. @throws SettingsError */
export function readPolicySettings(
  env: Env,
): Pick<Settings, BuiltInPolicySetting | 'jobsInFlightPerSite' | 'maxCheckInAgeMs'> {
  const reader = new SettingsReader(env);
  const settings = {
    compliantRole: readRoleSetting(reader, 'COMPLIANT'),
    quarantineRole: readRoleSetting(reader, 'QUARANTINE'),
    weakIdentityRole: readRoleSetting(reader, 'WEAK_IDENTITY'),
    minimumAssurance: reader.oneOf('MINIMUM_ASSURANCE', ASSURANCES),
    compliantStates: reader.severalOf('COMPLIANT_STATES', COMPLIANCE_STATES),
    jobsInFlightPerSite: reader.wholeNumber('JOBS_IN_FLIGHT_PER_SITE', 1, 1000),
    maxCheckInAgeMs: reader.duration('MAX_CHECK_IN_AGE', { from: '1d', to: '365d', unit: 'm' }),
  };
  reader.throwIfProblems();
  return settings;
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
