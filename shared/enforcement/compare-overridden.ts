// Compares the sessions that an override concerns, once every instance answers by it, and once more when it is over. Each round of
// enforcement looks at the list; what is done is noted with the override, so that a round may be cut short anywhere.

import { concurrently } from '../concurrently.ts';
import { addMilliseconds, type Instant, toInstant } from '../domain/instant.ts';
import { endOf, hasSettled, isOver, OVERRIDE_SETTLE_MS, type Override } from '../domain/override.ts';
import { stationId } from '../domain/session-id.ts';
import type { OverrideSource } from '../ports/override-source.ts';
import type { OverrideStore, StoredOverride } from '../ports/override-store.ts';
import type { SessionStore } from '../ports/session-store.ts';
import { compareSafely } from './compare-safely.ts';
import { type ComparisonTaskDeps, readComparison } from './comparison-task.ts';
import type { DecideJobsDeps } from './decide-jobs.ts';
import type { OpenJobs } from './open-jobs.ts';
import type { SiteKeys } from './site-keys.ts';

export interface CompareOverriddenDeps extends DecideJobsDeps, Pick<ComparisonTaskDeps, 'tasks'> {
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
  let occasion: Instant | undefined;
  const seen = new Set(overrides.map(({ id }) => id));
  for (const stored of await deps.overrideStore.list()) {
    const now = nowOf(deps);
    if (now >= until) break;
    if (!seen.has(stored.override.id) || !isDue(stored.override, now)) continue;
    const sessions = await sessionsOf(deps, stored.override);
    const since = dueSince(stored.override, now);
    if (sessions === undefined && !(await wereAllCompared(deps, since))) {
      if (occasion === undefined || since > occasion) occasion = since;
      continue;
    }
    const results = await concurrently(sessions ?? [], AT_ONCE, (session) => compareSafely(deps, session, open));
    const jobs = results.filter((result) => result === 'decided').length;
    decided += jobs;
    const over = isOver(stored.override, now);
    await noteCompared(deps, stored, over);
    deps.log.info('override.compared', { override: stored.override.id, over, sessions: sessions?.length, jobs });
  }
  return { decided, ...(occasion !== undefined && { occasion }) };
}

function nowOf({ clock }: Pick<DecideJobsDeps, 'clock'>): Instant {
  return toInstant(clock.now());
}

/** Its beginning or its end has reached every instance, and no comparison has followed. */
function isDue(override: Override, now: Instant): boolean {
  return isOver(override, now) || (override.compared !== true && hasSettled(override, now));
}

/** @returns `undefined` where nothing leads from the override to its sessions */
async function sessionsOf({ sessions, siteKeys }: CompareOverriddenDeps, { target, site }: Override) {
  if ('device' in target) return sessions.listByDevice(target.device);
  if (!('mac' in target)) return undefined;
  const sites = (await siteKeys()).filter((one) => site === undefined || one.site === site);
  const found = await concurrently(sites, AT_ONCE, (asker) =>
    sessions.listStation(stationId({ name: '', ...asker }, { callingStationId: target.mac })),
  );
  return found.flat();
}

/** From when on a comparison sees it. */
function dueSince(override: Override, now: Instant): Instant {
  return addMilliseconds(isOver(override, now) ? endOf(override) : override.createdAt, OVERRIDE_SETTLE_MS);
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
