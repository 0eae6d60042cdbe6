// Compares the sessions that an override concerns, once every instance answers by it, and once more when it is over.
// Each round of enforcement looks at the list; progress is noted with the override, so that a round may end anywhere.

import { concurrently } from '../concurrently.ts';
import type { Identity } from '../domain/identity/identity.ts';
import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import {
  endTimeOf,
  hasEndedEverywhere,
  hasSettled,
  OVERRIDE_SETTLE_MS,
  type Override,
} from '../domain/policy/override.ts';
import type { Session } from '../domain/session/session.ts';
import { stationId } from '../domain/session/session-id.ts';
import { toConnectorError } from '../errors.ts';
import type { IdentityStore } from '../ports/identity-store.ts';
import type { OverrideSource } from '../ports/override-source.ts';
import type { OverrideStore, StoredOverride } from '../ports/override-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import { compareSafely } from './compare-safely.ts';
import { type ComparisonTaskDeps, readComparison } from './comparison-task.ts';
import { ownersOf } from './concerned-sessions.ts';
import type { DecideJobsDeps } from './decide-jobs.ts';
import type { OpenJobs } from './open-jobs.ts';
import { searchOverridden } from './search-overridden.ts';
import type { SiteKeys } from './site-keys.ts';

export interface CompareOverriddenDeps extends DecideJobsDeps, Pick<ComparisonTaskDeps, 'tasks' | 'stopping'> {
  readonly identities: Pick<IdentityStore, 'readOwners'>;
  readonly sessions: SessionStore;
  readonly overrides: OverrideSource;
  readonly overrideStore: Pick<OverrideStore, 'list' | 'replace' | 'remove'>;
  readonly siteKeys: SiteKeys;
}

/** Sessions compared at once, and sites asked at once. */
const AT_ONCE = 8;

export interface OverriddenResult {
  /** Jobs decided. */
  readonly decided: number;
  /** The comparison of all sessions that began with this occasion finds the sessions of the rest. */
  readonly occasion?: Instant;
}

/** @param until no further override is begun after this */
export async function compareOverridden(
  deps: CompareOverriddenDeps,
  open: OpenJobs,
  until: Instant,
): Promise<OverriddenResult> {
  const { overrides, isRecent } = await deps.overrides.current();
  // Jobs by a list that this process does not know would send stations to the wrong answer.
  if (!isRecent || !overrides.some((one) => isDue(one, nowOf(deps)))) return { decided: 0 };
  let decided = 0;
  const seen = new Set(overrides.map(({ id }) => id));
  const due = (await deps.overrideStore.list()).filter(({ override }) => seen.has(override.id));
  const withoutWays: StoredOverride[] = [];
  for (const stored of due) {
    const now = nowOf(deps);
    if (now >= until) break;
    if (!isDue(stored.override, now)) continue;
    if (hasWays(stored.override)) decided += await compareLedTo(deps, stored, open, now);
    else withoutWays.push(stored);
  }
  const rest = await compareWithoutWays(deps, withoutWays, open, until);
  return { ...rest, decided: decided + rest.decided };
}

/** Where it fails, the next round does it once more, and the other overrides do not wait for it. */
async function compareLedTo(
  deps: CompareOverriddenDeps,
  stored: StoredOverride,
  open: OpenJobs,
  now: Instant,
): Promise<number> {
  const { id } = stored.override;
  let jobs = 0;
  try {
    const sessions = await sessionsOf(deps, stored.override);
    await concurrently(sessions, AT_ONCE, async (session) => {
      if ((await compareSafely(deps, session, open)) === 'decided') jobs += 1;
    });
    const over = hasEndedEverywhere(stored.override, now);
    await noteCompared(deps, stored, over);
    deps.log.info('override.compared', { override: id, over, sessions: sessions.length, jobs });
  } catch (thrown) {
    const { code, message, action } = toConnectorError(thrown);
    deps.log.error('override.not-compared', { override: id, code, message, action });
  }
  return jobs;
}

/**
 * They are searched for among the sessions; what was recorded with one may be older than what is known by now, such as
 * whose its device is. So a comparison of all sessions follows.
 */
async function compareWithoutWays(
  deps: CompareOverriddenDeps,
  due: readonly StoredOverride[],
  open: OpenJobs,
  until: Instant,
): Promise<OverriddenResult> {
  if (due.length === 0) return { decided: 0 };
  const overrides = due.map(({ override }) => override);
  const { decided, done } = await searchOverridden(deps, overrides, open, until);
  let occasion: Instant | undefined;
  for (const stored of due) {
    const { id } = stored.override;
    const now = nowOf(deps);
    const over = hasEndedEverywhere(stored.override, now);
    if (!done.some((one) => one.id === id && one.over === over)) continue;
    const since = dueSince(stored.override, now);
    if (await wereAllCompared(deps, since)) {
      await noteCompared(deps, stored, over);
      deps.log.info('override.compared', { override: id, over });
    } else if (occasion === undefined || since > occasion) occasion = since;
  }
  return { decided, ...(occasion !== undefined && { occasion }) };
}

function nowOf({ clock }: Pick<DecideJobsDeps, 'clock'>): Instant {
  return toInstant(clock.now());
}

/** Its beginning or its end has reached every instance, and no comparison has followed. */
function isDue(override: Override, now: Instant): boolean {
  return hasEndedEverywhere(override, now) || (override.compared !== true && hasSettled(override, now));
}

function hasWays({ target }: Override): boolean {
  return 'device' in target || 'mac' in target;
}

/** Sessions of a device or an address, by the ways that lead to them. */
async function sessionsOf(
  deps: CompareOverriddenDeps,
  { target, machine, site }: Override,
): Promise<readonly Session[]> {
  const { sessions, identities: store, siteKeys } = deps;
  const own = 'device' in target ? [target.device] : [];
  const identities: readonly Identity[] =
    'mac' in target ? [{ kind: 'mac', value: target.mac }] : (machine?.identities ?? []);
  const others = await ownersOf({ identities: store }, identities);
  const led = await sessions.listConcerned([...own, ...others], identities);
  const addresses = identities.filter(({ kind }) => kind === 'mac').map(({ value }) => value);
  const sites = (await siteKeys()).filter((one) => site === undefined || one.site === site);
  const stations = sites.flatMap((asker) =>
    addresses.map((address) => stationId({ name: '', ...asker }, { callingStationId: address })),
  );
  const found = await concurrently(stations, AT_ONCE, (station) => sessions.listStation(station));
  const all = [...led, ...found.flat()].filter((session) => site === undefined || session.site === site);
  return [...new Map(all.map((session) => [session.id, session])).values()];
}

/** From when on a comparison sees it. */
function dueSince(override: Override, now: Instant): Instant {
  return addMilliseconds(
    hasEndedEverywhere(override, now) ? endTimeOf(override) : override.createdAt,
    OVERRIDE_SETTLE_MS,
  );
}

async function wereAllCompared({ tasks }: CompareOverriddenDeps, since: Instant): Promise<boolean> {
  const { completed } = (await readComparison(tasks)).state;
  return completed !== undefined && completed.startedAt >= since;
}

/** Another process may have been first: it did the same. */
async function noteCompared(
  { overrideStore }: CompareOverriddenDeps,
  stored: StoredOverride,
  over: boolean,
): Promise<void> {
  if (over) await overrideStore.remove(stored);
  else await overrideStore.replace(stored, { ...stored.override, compared: true });
}
