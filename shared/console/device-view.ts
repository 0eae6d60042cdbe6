// One device and all that is known of it: what each source says and how old that is, what identifies it, its sessions,
// decisions, jobs and overrides, and what to tell the person on the phone.

import { concurrently } from '../concurrently.ts';
import type { EnforcementJob } from '../domain/coa/enforcement-job.ts';
import { type Device, type DeviceKey, deviceKeyText, parseDeviceKeyText } from '../domain/device/device.ts';
import { claims, identitiesOf } from '../domain/device/device-identities.ts';
import { marksOfRecord, recordAsOf, standingOfRecord } from '../domain/device/record-standing.ts';
import type { Assurance, IdentityKind } from '../domain/identity/identity.ts';
import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import { blockedMachine, type Override } from '../domain/policy/override.ts';
import { deviceFacts } from '../domain/policy/policy-facts.ts';
import type { AnswerNow } from '../domain/session/answer-now.ts';
import type { Session } from '../domain/session/session.ts';
import { isConnected, lastSignOf } from '../domain/session/session-life.ts';
import { includesSite, type Sites } from '../domain/sites.ts';
import { RequestError } from '../errors.ts';
import type { DeviceView } from '../http/schemas/device.ts';
import { type ShownOverride, showOverride } from '../http/show-override.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { DecisionStore } from '../ports/decision-store.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import type { SeenRecords } from '../ports/site-records.ts';
import type { SweepStatus } from '../ports/sweep-status.ts';
import { adviceOn } from './advice.ts';
import { showSession } from './show-session.ts';

export interface DeviceViewDeps {
  readonly records: SeenRecords;
  readonly sessions: Pick<SessionStore, 'listByDevice'>;
  readonly decisions: Pick<DecisionStore, 'list'>;
  /** Jobs about it, newest first; absent where nothing enforces. */
  readonly jobs?: (
    device: DeviceKey,
    since: Instant,
  ) => Promise<{ readonly jobs: readonly EnforcementJob[]; readonly next?: string }>;
  readonly overrides: () => Promise<readonly Override[]>;
  readonly decideAgain: (session: Session) => Promise<AnswerNow>;
  readonly sweepStatus: SweepStatus;
  readonly maxCheckInAgeMs: number;
  readonly clock: Clock;
}

const LATELY_MS = 7 * 24 * 3_600_000;
const MOST_SESSIONS = 50;
const MOST_DECISIONS = 20;
/** Holders of one identity that are read. */
const MOST_OTHERS = 8;
const AT_ONCE = 8;

/** How sure each kind makes, where a certificate or a station shows it. */
const ASSURANCE_OF: Readonly<Record<IdentityKind, Assurance>> = {
  deviceId: 'certificate-guid',
  entraDeviceId: 'certificate-guid',
  serialNumber: 'certificate-name',
  name: 'certificate-name',
  imei: 'client-claim',
  meid: 'client-claim',
  udid: 'client-claim',
  mac: 'mac',
};

/** @throws RequestError NAC_DEVICE_UNKNOWN */
export async function deviceView(
  deps: DeviceViewDeps,
  key: DeviceKey,
  sites: Sites,
  options: CallOptions,
): Promise<DeviceView> {
  const at = toInstant(deps.clock.now());
  const since = addMilliseconds(at, -LATELY_MS);
  const stored = await deps.records.read(key, options);
  if (stored === undefined) throw unknownDevice();
  const [shared, listed, decisions, jobs, overrides] = await Promise.all([
    holdersOf(deps, stored, options),
    deps.sessions.listByDevice(key, options),
    deps.decisions.list({ filter: { devices: [key] }, sites, since, limit: MOST_DECISIONS, now: at }, options),
    deps.jobs?.(key, since),
    deps.overrides(),
  ]);
  const seen = listed
    .filter(({ site }) => includesSite(sites, site))
    .map((session) => ({ session, live: isConnected(session, at) }))
    .sort((a, b) => Number(b.live) - Number(a.live) || (lastSignOf(a.session) < lastSignOf(b.session) ? 1 : -1));
  const sessions = await concurrently(seen.slice(0, MOST_SESSIONS), AT_ONCE, async ({ session, live }) =>
    showSession(session, at, live ? await deps.decideAgain(session) : undefined),
  );
  const about = overrides.flatMap((override) =>
    concerns(override, stored.device, sites) ? showOverride(override, at) : [],
  );
  const sameMachine = shared.records.filter((record) => isSameMachine(stored.device, record.device));
  const records = await Promise.all([stored, ...sameMachine].map((record) => recordOf(deps, record, at, options)));
  return {
    source: key.source,
    id: key.id,
    ...(stored.device.name !== undefined && { name: stored.device.name }),
    at,
    advice: adviceOf(stored, records[0] as DeviceView['records'][number], sessions, about, at),
    records,
    identities: shared.identities,
    sessions,
    decisions: decisions.decisions,
    jobs: jobs?.jobs ?? [],
    overrides: about,
    complete:
      seen.length <= MOST_SESSIONS &&
      decisions.next === undefined &&
      decisions.lookedUntil === undefined &&
      jobs?.next === undefined,
  };
}

async function recordOf(
  { sweepStatus, maxCheckInAgeMs }: DeviceViewDeps,
  stored: StoredDevice,
  at: Instant,
  options: CallOptions,
): Promise<DeviceView['records'][number]> {
  const { device, presence, version, held } = stored;
  const sweptAt = await sweepStatus.lastCompleteStartedAt(device.source, options);
  return {
    source: device.source,
    id: device.id,
    present: presence === 'present',
    standing: standingOfRecord(stored, at, maxCheckInAgeMs),
    marks: marksOfRecord(stored),
    asOf: presence === 'present' ? recordAsOf(stored, sweptAt) : stored.observedAt,
    version,
    says: deviceFacts(device),
    ...(held && {
      held: {
        runId: held.runId,
        observedAt: held.observedAt,
        ...(held.device && { standing: held.device.complianceState }),
      },
    }),
  };
}

function adviceOf(
  { device, held }: StoredDevice,
  { present, standing, asOf }: DeviceView['records'][number],
  sessions: DeviceView['sessions'],
  overrides: readonly ShownOverride[],
  at: Instant,
): DeviceView['advice'] {
  const block = overrides.find(({ block, inForce }) => block === true && inForce);
  return adviceOn({
    at,
    source: device.source,
    present,
    standing,
    asOf,
    held: held !== undefined,
    graceExpiresAt: device.graceExpiresAt,
    lastSyncAt: device.lastSyncAt,
    session: sessions.find(({ live }) => live),
    blocked: block && { reason: block.reason, until: block.until },
  });
}

/** What identifies it, and which other devices hold the same. */
async function holdersOf({ records }: DeviceViewDeps, { device }: StoredDevice, options: CallOptions) {
  const own = deviceKeyText(device);
  const others = new Map<string, StoredDevice>();
  const known = [{ kind: 'deviceId' as const, value: device.id }, ...identitiesOf(device)];
  const identities = await concurrently(known, AT_ONCE, async (identity) => {
    const assurance = ASSURANCE_OF[identity.kind];
    if (identity.kind === 'deviceId') return { ...identity, assurance, alsoOf: [] };
    const { devices } = await records.readOwners(identity, options);
    const keys = devices.filter((key) => key !== own).slice(0, MOST_OTHERS);
    const found = await concurrently(keys, AT_ONCE, (key) => records.read(parseDeviceKeyText(key), options));
    const holding = found.filter((record) => record !== undefined && claims(record, identity)) as StoredDevice[];
    for (const record of holding) others.set(deviceKeyText(record.device), record);
    return { ...identity, assurance, alsoOf: holding.map((record) => record.device.id) };
  });
  return { identities, records: [...others.values()] };
}

/** A record of another source that has what only one machine has. */
function isSameMachine(device: Device, other: Device): boolean {
  if (device.source === other.source) return false;
  const marks = new Set(blockedMachine(device).identities.map(({ kind, value }) => `${kind} ${value}`));
  return blockedMachine(other).identities.some(({ kind, value }) => kind !== 'mac' && marks.has(`${kind} ${value}`));
}

function concerns({ target, site }: Override, device: Device, sites: Sites): boolean {
  if (site !== undefined && !includesSite(sites, site)) return false;
  if ('device' in target) return target.device.source === device.source && target.device.id === device.id;
  if ('mac' in target) return target.mac === device.wifiMac || target.mac === device.ethernetMac;
  return 'user' in target && target.user === device.userPrincipalName?.toLowerCase();
}

function unknownDevice(): RequestError {
  return new RequestError(400, 'NAC_DEVICE_UNKNOWN', 'No such device is stored.', {
    action: 'Look for it: GET /api/search takes names, numbers, addresses and ids.',
    field: 'id',
  });
}
