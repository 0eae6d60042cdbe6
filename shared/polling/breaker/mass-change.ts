// The breaker: how much one run may change, what is held of a run that changes more, and what an operator decided.

import type { DeviceChange } from '../../domain/device/device-change.ts';
import { countTurns, directionTo, type Turns } from '../../domain/device/turn-direction.ts';
import { addMilliseconds, type Instant } from '../../domain/instant.ts';
import type { TaskStore } from '../../ports/task-store.ts';
import type { HeldCounts } from './held-counts.ts';

export interface MassChangeLimits {
  /** Share of the known fleet, from 0 to 1, above which a change is a mass change… */
  readonly share: number;
  /** …if it is at least so many devices. */
  readonly least: number;
}

/** @param changing devices that would turn or be lost @param known devices of the fleet */
export function isMassChange(changing: number, known: number, { share, least }: MassChangeLimits): boolean {
  return changing >= least && changing > share * known;
}

/** What an operator decided about a run that holds something, and why. */
export interface Verdict {
  readonly by: string;
  readonly at: Instant;
  readonly reason: string;
}

/** A run whose changes are held. */
export interface HeldRun extends HeldCounts {
  readonly runId: string;
  readonly heldAt: Instant;
  /** Everything that would have changed at the end of this run, what earlier runs held included. */
  readonly changing: number;
  readonly known: number;
  readonly released?: Verdict;
  /** Ends when the set of held devices changes. */
  readonly refused?: Verdict;
}

export interface HourOfSweeps {
  readonly hour: Instant;
  /** Devices that were let go. */
  readonly lost: number;
  /** Devices that were met for the first time. */
  readonly met: number;
  /** Devices whose answers turned, sweeps or not, each way; absent where the version before counted. */
  readonly better?: number;
  readonly worse?: number;
}

type Counted = Required<Omit<HourOfSweeps, 'hour'>>;
const NOTHING_COUNTED: Counted = { lost: 0, met: 0, better: 0, worse: 0 };

/** Kept in a row of its own, so that a release does not compete with the sweep for its lease. */
export interface MassChangeState {
  /** Runs whose changes are held, oldest first; at most {@link MOST_HELD_RUNS}. */
  readonly held: readonly HeldRun[];
  /**
   * What was let through outside sweeps since the newest complete one began: many small polls make a mass, too. The row
   * has this name in every version.
   */
  readonly besides?: { readonly since: Instant | undefined; readonly count: number };
  /** What sweeps did to the fleet lately: what is lost little by little is a mass, too. */
  readonly lately?: readonly HourOfSweeps[];
  /** Changes were not all handed on in time: the next tick goes on. */
  readonly changesLeft?: boolean;
}

export const MASS_CHANGE_TASK = 'mass-change';
/** Runs that are listed by name; what older ones hold is listed, and let through, under one name. */
export const MOST_HELD_RUNS = 20;
/** The name of all runs that are not listed by their own. */
export const EARLIER_RUNS = 'earlier-runs';
const ATTEMPTS = 5;
/** What sweeps do within this time is counted together. */
const COUNTED_TOGETHER_MS = 24 * 3_600_000;
/** Of a digest. */
const DIGITS = 16;

export async function readMassChange(tasks: TaskStore): Promise<MassChangeState> {
  const { state } = await tasks.read<MassChangeState>(MASS_CHANGE_TASK);
  return state ?? { held: [] };
}

/** The end of a run that holds something new. */
export type HeldNow = Pick<HeldRun, 'runId' | 'heldAt' | 'changing' | 'known'>;

/**
 * What is held now, by run. Runs that hold nothing any more leave; what a person said of a run stays, a refusal only as
 * long as the run holds the same devices. Runs beyond the number that is listed are folded into one entry.
 */
export function withHeldCounts(
  { held, ...rest }: MassChangeState,
  byRun: ReadonlyMap<string, HeldCounts>,
  now?: HeldNow,
): MassChangeState {
  const before = new Map(held.map((run) => [run.runId, run]));
  const isNews = (runId: string): boolean =>
    now !== undefined && !before.has(runId) && (runId === now.runId || !before.has(EARLIER_RUNS));
  const named = [...before.keys(), ...[...byRun.keys()].filter(isNews)].filter(
    (runId) => runId !== EARLIER_RUNS && byRun.has(runId),
  );
  const listed = named.slice(-(MOST_HELD_RUNS - 1));
  const apart = new Set(listed);
  const others = [...byRun].filter(([runId]) => !apart.has(runId)).map(([, counts]) => counts);
  const described = now ?? held[0];
  const entry = (runId: string, counts: HeldCounts | undefined): HeldRun[] => {
    const earlier = before.get(runId);
    if (counts === undefined) return [];
    if (earlier !== undefined) return [withCounts(earlier, counts, now)];
    if (described === undefined) return [];
    const { heldAt, changing, known } = described;
    return [{ runId, heldAt, changing, known, ...counts }];
  };
  const folded = entry(EARLIER_RUNS, others.length === 0 ? undefined : others.reduce(added));
  return { ...rest, held: [...folded, ...listed.flatMap((runId) => entry(runId, byRun.get(runId)))] };
}

/** A run that holds other devices than before is another matter: what was refused is not what would happen now. */
function withCounts({ refused, ...run }: HeldRun, counts: HeldCounts, now: HeldNow | undefined): HeldRun {
  const isSame = run.digest === counts.digest && run.flips === counts.flips && run.absences === counts.absences;
  const at = now !== undefined && !isSame ? { changing: now.changing, known: now.known } : {};
  return { ...run, ...at, ...counts, ...(refused && isSame && { refused }) };
}

function added(a: HeldCounts, b: HeldCounts): HeldCounts {
  return { flips: a.flips + b.flips, absences: a.absences + b.absences, digest: combined(a.digest, b.digest) };
}

/** Entries of these runs leave. */
export function withoutHeldRuns({ held, ...rest }: MassChangeState, runIds: ReadonlySet<string>): MassChangeState {
  return { ...rest, held: held.filter(({ runId }) => !runIds.has(runId)) };
}

/** Which entry a run's observations are counted in: its own, or that of all runs that are not listed. */
export function entryOf(held: readonly HeldRun[], runId: string): HeldRun | undefined {
  return held.find((run) => run.runId === runId) ?? held.find((run) => run.runId === EARLIER_RUNS);
}

/** @param since start of the newest complete sweep: with the next one counting begins again */
export function countOutOfBand(state: MassChangeState, since: Instant | undefined, changes: number): MassChangeState {
  const counted = state.besides !== undefined && state.besides.since === since ? state.besides.count : 0;
  return { ...state, besides: { since, count: counted + changes } };
}

/** Of the last day, since the newest release: what came before it an operator has seen. */
export function countedLately({ lately = [] }: MassChangeState, now: Instant): Counted {
  const since = addMilliseconds(now, -COUNTED_TOGETHER_MS);
  return lately.filter(({ hour }) => hour >= since).reduce<Counted>(plus, NOTHING_COUNTED);
}

function plus(total: Counted, each: Partial<Counted>): Counted {
  const sum = (what: keyof Counted): number => total[what] + (each[what] ?? 0);
  return { lost: sum('lost'), met: sum('met'), better: sum('better'), worse: sum('worse') };
}

/**
 * Whether turns make a mass together with those of a day that went the same way, less those that went back: what turns
 * little by little, a share with each sweep, is a mass, too.
 * @param turning what would turn now @param known devices of the fleet
 */
export function isGradualMassChange(
  state: MassChangeState,
  now: Instant,
  turning: Turns,
  known: number,
  limits: MassChangeLimits,
): boolean {
  const { better, worse } = countedLately(state, now);
  const together = (turn: number, there: number, back: number): boolean =>
    turn > 0 && isMassChange(turn + Math.max(0, there - back), known, limits);
  return together(turning.better, better, worse) || together(turning.worse, worse, better);
}

/** Counts what has turned; a turn that a person released is none of them. */
export async function countTurned(tasks: TaskStore, now: Instant, changes: readonly DeviceChange[]): Promise<void> {
  const turned = changes.filter(({ before, after }) => before?.presence === 'present' && after.presence === 'present');
  if (turned.length === 0) return;
  const counts = countTurns(turned.map(({ after }) => directionTo(after.complianceState)));
  await editMassChange(tasks, (state) => countLately(state, now, counts));
}

export function countLately(
  { lately = [], ...state }: MassChangeState,
  now: Instant,
  counts: Partial<Counted>,
): MassChangeState {
  const since = addMilliseconds(now, -COUNTED_TOGETHER_MS);
  const hour: Instant = `${now.slice(0, 'yyyy-mm-ddThh'.length)}:00:00.000Z`;
  const others = lately.filter((each) => each.hour >= since && each.hour !== hour);
  const before = plus(NOTHING_COUNTED, lately.find((each) => each.hour === hour) ?? {});
  return { ...state, lately: [...others, { hour, ...plus(before, counts) }] };
}

/**
 * Releases a run, and all that was held before it and not refused: an operator who names the newest run has seen them
 * all. What joined later stands behind it, and stays held.
 * @returns `undefined` when no such run holds anything
 */
export function withRelease(state: MassChangeState, runId: string, released: Verdict): MassChangeState | undefined {
  const last = state.held.findIndex((run) => run.runId === runId);
  if (last === -1) return undefined;
  const { lately: _, ...rest } = state;
  const held = state.held.map((run, index): HeldRun => {
    if (index > last || (index < last && run.refused !== undefined)) return run;
    const { refused: _, ...left } = run;
    return { ...left, released: run.released ?? released };
  });
  return { ...rest, held };
}

/**
 * Refuses what a run holds. One that is released already is not taken back.
 * @returns `undefined` when no such run holds anything
 */
export function withRefusal(state: MassChangeState, runId: string, refused: Verdict): MassChangeState | undefined {
  if (!state.held.some((run) => run.runId === runId && run.released === undefined)) return undefined;
  return { ...state, held: state.held.map((run) => (run.runId === runId ? { ...run, refused } : run)) };
}

/** One run's devices as one text, which does not depend on their order. */
export function combined(a: string, b: string): string {
  const [x, y] = [Buffer.from(a.padStart(DIGITS, '0'), 'hex'), Buffer.from(b.padStart(DIGITS, '0'), 'hex')];
  return Buffer.from(x.map((byte, index) => byte ^ (y[index] ?? 0))).toString('hex');
}

/**
 * Changes the state as often as it takes, since the sweep and operators both write it.
 * @param edit gives the new state, or `undefined` to leave it
 */
export async function editMassChange(
  tasks: TaskStore,
  edit: (state: MassChangeState) => MassChangeState | undefined,
): Promise<MassChangeState | undefined> {
  for (let attempt = 1; ; attempt++) {
    const { state = { held: [] }, etag } = await tasks.read<MassChangeState>(MASS_CHANGE_TASK);
    const edited = edit(state);
    if (edited === undefined || JSON.stringify(edited) === JSON.stringify(state)) return edited;
    try {
      await tasks.write(MASS_CHANGE_TASK, edited, etag);
      return edited;
    } catch (thrown) {
      if (attempt === ATTEMPTS) throw thrown;
    }
  }
}
