// An operator makes an override, sees those there are, and ends one early.

import type { Device, DeviceKey } from '../domain/device/device.ts';
import { type Instant, millisecondsBetween, toInstant } from '../domain/instant.ts';
import {
  blockedMachine,
  endTimeOf,
  hasEndedEverywhere,
  isInForce,
  MOST_OF_SITE,
  MOST_OVERRIDES,
  OVERRIDE_WRITE_MS,
  type Override,
  PLACES_OF_ADMINISTRATORS,
} from '../domain/policy/override.ts';
import type { Policy } from '../domain/policy/policy.ts';
import { sameData } from '../domain/same-data.ts';
import { includesSite, type Sites } from '../domain/sites.ts';
import { RequestError, StoreError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import type { OverrideStore, StoredOverride } from '../ports/override-store.ts';
import type { Random } from '../ports/random.ts';

export interface OverrideDeps {
  readonly store: OverrideStore;
  readonly devices: Pick<DeviceStore, 'read'>;
  /** Names of the sites that have clients. */
  readonly sites: () => Promise<readonly string[]>;
  /** The policy in force. */
  readonly policy: () => Promise<Policy>;
  readonly clock: Clock;
  readonly random: Random;
}

export type WantedOverride = Pick<Override, 'target' | 'effect' | 'site' | 'ofSite' | 'reason' | 'until' | 'by'> & {
  readonly isAdministrators?: boolean;
};

/** Attempts under contention; each lost one means that another writer got through. */
const ATTEMPTS = 20;
/** A request that is sent once more counts its time from a little later. */
const SAME_UNTIL_MS = 60_000;
const LONG_OVER_MS = 3_600_000;

/**
 * @param beforeChange is called with what would be made, before anything is; what it throws ends it
 * @returns the override, and whether it is a new one: the same one twice is one
 * @throws RequestError NAC_DEVICE_UNKNOWN, NAC_OVERRIDE_ROLE, NAC_OVERRIDES_FULL, NAC_OVERRIDES_SITE_FULL
 * @throws StoreError NAC_STORE_TIMEOUT where it was not stored in time: the same request finds it, or makes it
 */
export async function makeOverride(
  deps: OverrideDeps,
  { isAdministrators = false, ...wanted }: WantedOverride,
  beforeChange: (override: Override) => Promise<void>,
): Promise<{ readonly override: Override; readonly created: boolean }> {
  const { store, clock, random } = deps;
  const device = 'device' in wanted.target ? await requireDevice(deps, wanted.target.device) : undefined;
  if (wanted.site !== undefined) await requireSite(deps, wanted.site);
  if (wanted.effect.kind === 'let-on') await requireRole(deps, wanted.effect.role);
  const id = random.hex(4);
  // All that a slow store takes before must not count: what follows goes by the moment at which it was made.
  const about = {
    ...wanted,
    ...(device && wanted.effect.kind === 'block' && { machine: blockedMachine(device) }),
  };
  const asOfNow = (): Override => ({ id, ...about, createdAt: toInstant(clock.now()) });
  let isNoted = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const stored = await store.list();
    const now = toInstant(clock.now());
    const same = stored.find((one) => isSame(one.override, wanted, now));
    if (same !== undefined) return { override: same.override, created: false };
    const refusal = isSiteFull(stored, wanted, now) ? siteFull(wanted.site) : undefined;
    const place = refusal ? undefined : freePlace(stored, placesOf(wanted, isAdministrators, random));
    if (place === undefined) {
      if (!(await makeRoom(store, stored, now))) throw refusal ?? full(isAdministrators);
      continue;
    }
    if (!isNoted) await beforeChange(asOfNow());
    isNoted = true;
    const override = asOfNow();
    if (await clock.within(OVERRIDE_WRITE_MS, (signal) => store.create(place, override, { signal }))) {
      return { override, created: true };
    }
  }
  throw contended();
}

/** @returns those that the operator may see, newest first: of other sites there are none */
export async function listOverrides(
  { store, clock }: Pick<OverrideDeps, 'store' | 'clock'>,
  sites: Sites,
): Promise<Override[]> {
  const now = toInstant(clock.now());
  const all = (await store.list()).map(({ override }) => override);
  return all
    .filter((override) => isVisible(override, sites) && !isLongOver(override, now))
    .toSorted((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
}

/**
 * @param mayEnd is called with what would be ended, before it is; what it throws ends it
 * @returns the override as it ended; one that is over stays as it is
 * @throws RequestError NAC_OVERRIDE_UNKNOWN
 */
export async function endOverride(
  { store, clock }: Pick<OverrideDeps, 'store' | 'clock'>,
  id: string,
  { by, sites }: { readonly by: string; readonly sites: Sites },
  mayEnd: (override: Override) => Promise<void>,
): Promise<Override> {
  let isNoted = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const stored = (await store.list()).find(({ override }) => override.id === id);
    if (stored === undefined || !isVisible(stored.override, sites)) throw unknownOverride();
    if (!isInForce(stored.override, toInstant(clock.now()))) return stored.override;
    if (!isNoted) await mayEnd(stored.override);
    isNoted = true;
    const ended: Override = { ...stored.override, endedAt: toInstant(clock.now()), endedBy: by };
    if (await clock.within(OVERRIDE_WRITE_MS, (signal) => store.replace(stored, ended, { signal }))) return ended;
  }
  throw contended();
}

/** One of every site concerns each of them. */
function isVisible({ site }: Override, sites: Sites): boolean {
  return site === undefined || includesSite(sites, site);
}

function isSame(override: Override, wanted: WantedOverride, now: Instant): boolean {
  const untilDiffersMs = Math.abs(millisecondsBetween(override.until, wanted.until));
  return (
    isInForce(override, now) &&
    untilDiffersMs < SAME_UNTIL_MS &&
    override.site === wanted.site &&
    override.by === wanted.by &&
    override.reason === wanted.reason &&
    sameData(override.target, wanted.target) &&
    sameData(override.effect, wanted.effect)
  );
}

function isSiteFull(
  stored: readonly StoredOverride[],
  { site, ofSite }: Pick<Override, 'site' | 'ofSite'>,
  now: Instant,
): boolean {
  const ofThatSite = stored.filter(({ override }) => override.ofSite === true && override.site === site);
  return (
    ofSite === true && ofThatSite.filter(({ override }) => !hasEndedEverywhere(override, now)).length >= MOST_OF_SITE
  );
}

interface Places {
  readonly count: number;
  /** The one to begin with. */
  readonly first: number;
}

/**
 * Two operators of one site at once want the same place, so that one of them counts again and the site never has more
 * than its share. Others begin at different places, administrators at those that are kept for them.
 */
function placesOf(
  { ofSite }: Pick<Override, 'ofSite'>,
  isAdministrators: boolean,
  random: Pick<Random, 'fraction'>,
): Places {
  const ofOperators = MOST_OVERRIDES - PLACES_OF_ADMINISTRATORS;
  if (isAdministrators) {
    return { count: MOST_OVERRIDES, first: ofOperators + Math.floor(random.fraction() * PLACES_OF_ADMINISTRATORS) };
  }
  return { count: ofOperators, first: ofSite === true ? 0 : Math.floor(random.fraction() * ofOperators) };
}

function freePlace(stored: readonly StoredOverride[], { count, first }: Places): number | undefined {
  const taken = new Set(stored.map(({ place }) => Number(place)));
  for (let step = 0; step < count; step++) {
    const place = (first + step) % count;
    if (!taken.has(place)) return place;
  }
  return undefined;
}

/**
 * Enforcement removes what is over. Where there is none, or it stands still for an hour, this does.
 * @returns whether there is room
 */
async function makeRoom(store: OverrideStore, stored: readonly StoredOverride[], now: Instant): Promise<boolean> {
  const over = stored.filter(({ override }) => isLongOver(override, now));
  for (const one of over) await store.remove(one);
  return over.length > 0;
}

function isLongOver(override: Override, now: Instant): boolean {
  return millisecondsBetween(endTimeOf(override), now) > LONG_OVER_MS;
}

/** A mistyped id would block nothing, and look as if it did. */
async function requireDevice({ devices }: OverrideDeps, key: DeviceKey): Promise<Device> {
  const record = await devices.read(key);
  if (record !== undefined) return record.device;
  throw new RequestError(400, 'NAC_DEVICE_UNKNOWN', 'No such device is stored.', {
    action: 'Give the Intune device id, as managedDevices of Microsoft Graph shows it; or block by mac or certificate.',
    field: 'device',
  });
}

async function requireSite({ sites }: OverrideDeps, site: string): Promise<void> {
  if ((await sites()).includes(site)) return;
  throw new RequestError(400, 'NAC_REQUEST_FIELD', `There is no site "${site}".`, {
    action: 'Give the site of a client, as `npm run clients -- list` shows it; or none, for every site.',
    field: 'site',
  });
}

async function requireRole({ policy }: OverrideDeps, role: string): Promise<void> {
  const { roles = {}, version } = await policy();
  if (Object.hasOwn(roles, role)) return;
  const known = Object.keys(roles).slice(0, 20).join(', ');
  throw new RequestError(400, 'NAC_OVERRIDE_ROLE', `The policy in force (${version}) has no role "${role}".`, {
    action: `Give one of its roles: ${known}.`,
    field: 'role',
  });
}

function full(isAdministrators: boolean): RequestError {
  const count = isAdministrators ? MOST_OVERRIDES : MOST_OVERRIDES - PLACES_OF_ADMINISTRATORS;
  const others = isAdministrators
    ? ''
    : `, or ask an administrator, for whom ${PLACES_OF_ADMINISTRATORS} more are kept`;
  return new RequestError(409, 'NAC_OVERRIDES_FULL', `There are ${count} overrides, and no room for more.`, {
    action: `End some (GET /api/overrides lists them), put what is to stay into policy${others}.`,
    field: 'body',
  });
}

function siteFull(site: string | undefined): RequestError {
  const message = `Operators of the site ${site} have ${MOST_OF_SITE} overrides, and no room for more.`;
  return new RequestError(409, 'NAC_OVERRIDES_SITE_FULL', message, {
    action: 'End some of them (GET /api/overrides lists them), or ask an administrator to make it.',
    field: 'body',
  });
}

function unknownOverride(): RequestError {
  return new RequestError(404, 'NAC_OVERRIDE_UNKNOWN', 'There is no such override.', {
    action: 'Give the id of one that GET /api/overrides lists; one that has ended is in GET /api/audit.',
    field: 'id',
  });
}

function contended(): StoreError {
  return new StoreError('NAC_STORE_CONFLICT', 'Too many writers at once on the overrides.', {
    action: 'Send it again.',
  });
}
