// Finds the sessions of overrides to which no way leads: those of a user or a certificate. All overrides that are due
// are found in one pass over the stored sessions, and only those that one of them may concern are compared.

import { concurrently } from '../concurrently.ts';
import { SHARDS } from '../domain/device/device.ts';
import { addMilliseconds, type Instant, millisecondsBetween, toInstant } from '../domain/instant.ts';
import { mayConcern } from '../domain/policy/overridden.ts';
import { hasEndedEverywhere, type Override } from '../domain/policy/override.ts';
import type { Session } from '../domain/session/session.ts';
import { StoreError } from '../errors.ts';
import type { TaskStore } from '../ports/task-store.ts';
import { compareSafely } from './compare-safely.ts';
import type { DecideJobsDeps } from './decide-jobs.ts';
import type { OpenJobs } from './open-jobs.ts';

export interface SearchOverriddenDeps extends DecideJobsDeps {
  readonly tasks: TaskStore;
  /** Aborted when the process ends. */
  readonly stopping?: AbortSignal;
}

/** An override that came into force, or is over. */
export interface Searched {
  readonly id: string;
  readonly over: boolean;
}

export interface SearchResult {
  /** Jobs decided. */
  readonly decided: number;
  /** Those whose sessions were all found and compared. */
  readonly done: readonly Searched[];
}

interface SearchState {
  readonly run?: SearchRun;
  readonly done?: readonly Searched[];
}

interface SearchRun {
  readonly wanted: readonly Searched[];
  /** What is left of the partitions, each from behind a session on. */
  readonly left: readonly PartLeft[];
}

interface PartLeft {
  readonly shard: string;
  readonly after?: string;
}

const TASK = 'overridden';
const PAGE = 500;
const PARTS_AT_ONCE = 4;
/** Sessions of a page compared at once. */
const SESSIONS_AT_ONCE = 4;
/** The outbox waits no longer for its turn. */
const TURN_MS = 5_000;
const CHECKPOINT_EVERY_MS = 1_000;

/** @param due overrides of a user or a certificate whose beginning or end has reached every instance */
export async function searchOverridden(
  deps: SearchOverriddenDeps,
  due: readonly Override[],
  open: OpenJobs,
  until: Instant,
): Promise<SearchResult> {
  const begunAt = toInstant(deps.clock.now());
  const turnEnds = addMilliseconds(begunAt, TURN_MS);
  const ends = turnEnds < until ? turnEnds : until;
  const wanted = due.map((override): Searched => ({ id: override.id, over: hasEndedEverywhere(override, begunAt) }));
  const { state, etag: storedEtag } = await readSearch(deps.tasks);
  const done = (state.done ?? []).filter((one) => includes(wanted, one));
  const first = goOn(state.run, wanted) ?? begin(wanted.filter((one) => !includes(done, one)));
  if (first === undefined) return { decided: 0, done };
  let run: SearchRun = first;
  let etag = storedEtag;
  const save = async (next: SearchState): Promise<boolean> => {
    etag = await writeOrLose(deps.tasks, next, etag);
    return etag !== undefined;
  };
  const sought = due.filter(({ id }) => first.wanted.some((one) => one.id === id));
  let decided = 0;
  let savedAt = begunAt;
  while (run.left.length > 0 && deps.stopping?.aborted !== true && toInstant(deps.clock.now()) < ends) {
    const parts = run.left.slice(0, PARTS_AT_ONCE);
    const pages = await concurrently(parts, PARTS_AT_ONCE, (part) => comparePage(deps, part, sought, open));
    decided += pages.reduce((sum, page) => sum + page.decided, 0);
    run = { ...run, left: [...pages.flatMap(({ left }) => left), ...run.left.slice(PARTS_AT_ONCE)] };
    const now = toInstant(deps.clock.now());
    if (run.left.length === 0 || millisecondsBetween(savedAt, now) < CHECKPOINT_EVERY_MS) continue;
    // Another process goes on with it.
    if (!(await save({ run, done }))) return { decided, done };
    savedAt = now;
  }
  const finished = run.left.length === 0 ? [...done, ...run.wanted] : done;
  await save(run.left.length === 0 ? { done: finished } : { run, done });
  return { decided, done: finished };
}

/** A row of another shape is no state: the search begins again, and replaces it. */
async function readSearch(
  tasks: TaskStore,
): Promise<{ readonly state: SearchState; readonly etag: string | undefined }> {
  const { state, etag } = await tasks.read<{ readonly [name in keyof SearchState]?: unknown }>(TASK);
  const { run, done } = state ?? {};
  return { etag, state: { ...(isRun(run) && { run }), ...(isListOfSearched(done) && { done }) } };
}

function isRun(value: unknown): value is SearchRun {
  const { wanted, left } = fieldsOf(value);
  if (!isListOfSearched(wanted) || !Array.isArray(left)) return false;
  return left.map(fieldsOf).every(({ shard, after }) => {
    return SHARDS.some((known) => known === shard) && (after === undefined || typeof after === 'string');
  });
}

function isListOfSearched(value: unknown): value is readonly Searched[] {
  if (!Array.isArray(value)) return false;
  return value.map(fieldsOf).every(({ id, over }) => typeof id === 'string' && typeof over === 'boolean');
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function begin(wanted: readonly Searched[]): SearchRun | undefined {
  return wanted.length === 0 ? undefined : { wanted, left: SHARDS.map((shard) => ({ shard })) };
}

/** What was due when it began and is not any more needs no search. */
function goOn(run: SearchRun | undefined, due: readonly Searched[]): SearchRun | undefined {
  const wanted = run?.wanted.filter((one) => includes(due, one)) ?? [];
  return run === undefined || wanted.length === 0 ? undefined : { ...run, wanted };
}

function includes(list: readonly Searched[], { id, over }: Searched): boolean {
  return list.some((one) => one.id === id && one.over === over);
}

async function comparePage(
  deps: SearchOverriddenDeps,
  { shard, after }: PartLeft,
  sought: readonly Override[],
  open: OpenJobs,
): Promise<{ readonly decided: number; readonly left: readonly PartLeft[] }> {
  const page = await deps.sessions.listPage(shard, { after, limit: PAGE });
  const concerned = page.sessions.filter((session) => isConcerned(session, sought));
  const results = await concurrently(concerned, SESSIONS_AT_ONCE, (session) => compareSafely(deps, session, open));
  const decided = results.filter((result) => result === 'decided').length;
  return { decided, left: page.next === undefined ? [] : [{ shard, after: page.next }] };
}

/** By what was recorded with each answer, or because one of the overrides decided it. */
function isConcerned({ answers }: Session, sought: readonly Override[]): boolean {
  return answers.some(({ decision, presented }) => {
    const { facts, device, override } = decision;
    if (facts === undefined || sought.some(({ id }) => id === override?.id)) return true;
    const question = { facts, identities: presented.identities, device, certificateCounts: true };
    return sought.some((one) => mayConcern(one, question));
  });
}

/** @returns the new etag; `undefined` where another process was first */
async function writeOrLose(
  tasks: TaskStore,
  state: SearchState,
  etag: string | undefined,
): Promise<string | undefined> {
  try {
    return await tasks.write(TASK, state, etag);
  } catch (thrown) {
    if (thrown instanceof StoreError && thrown.code === 'NAC_POLL_LEASE_LOST') return undefined;
    throw thrown;
  }
}
