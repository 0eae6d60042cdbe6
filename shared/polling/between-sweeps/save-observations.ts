// Saves what was seen of single devices between sweeps: what changed is written with a mark, so that the next sweep
// looks at the record even if its fingerprint is unchanged, and dispatched at once. Flips pass the breaker first.

import { countTurns, directionTo, type TurnDirection } from '../../domain/device/turn-direction.ts';
import { toInstant } from '../../domain/instant.ts';
import {
  countOutOfBand,
  countTurned,
  editMassChange,
  type HeldRun,
  isGradualMassChange,
  isMassChange,
  readMassChange,
} from '../breaker/mass-change.ts';
import { reportTrip } from '../breaker/report-trip.ts';
import type { PointReading } from '../point-reads/point-reads.ts';
import { savePointReads } from '../point-reads/save-point-reads.ts';
import type { SweepDeps, SweepLimits } from '../poll-deps.ts';
import type { FlipRule } from '../records/plan-device-write.ts';

export interface SavedObservations {
  /** Records written, held ones not counted. */
  readonly written: number;
  readonly held: number;
}

export type ObservationDeps = Omit<SweepDeps, 'source'> & { readonly source: { readonly name: string } };

/** The prefix of names of runs outside the sweep, as stored rows and operators have it. */
const OUT_OF_BAND = 'besides-';

/**
 * @param freshId for what is held, should it be too much: distinguishes it from what an earlier period held
 * @throws StoreError; doing it again is safe
 */
export async function saveObservations(
  deps: ObservationDeps,
  limits: Pick<SweepLimits, 'massChange' | 'answersDiffer'>,
  readings: readonly PointReading[],
  freshId: string,
): Promise<SavedObservations> {
  const { answersDiffer } = limits;
  const { state } = await deps.sweeps.read();
  const confirmedUntil = state.lastComplete?.startedAt;
  const rules = { source: deps.source.name, holdAbsences: false, sweptRecords: true, provesAbsence: true };
  const save = (of: readonly PointReading[], flips: FlipRule) =>
    savePointReads({ ...deps, outOfBand: true }, of, { ...rules, flips });
  const saved = await save(readings, { kind: 'collect', answersDiffer });
  const turned = saved.flips.map(({ reading }) => reading);
  const turning = turned.length;
  if (turning === 0) return { written: saved.written, held: 0 };

  const known = state.lastComplete?.devices ?? 0;
  const before = await readMassChange(deps.tasks);
  const { held, besides: outOfBand } = before;
  const now = toInstant(deps.clock.now());
  const turns = countTurns(turned.flatMap(directionOf));
  const runId = periodOf(held, `${OUT_OF_BAND}${freshId}`);
  const waiting = held.reduce((sum, { flips, absences }) => sum + flips + absences, 0);
  const counted = outOfBand !== undefined && outOfBand.since === confirmedUntil ? outOfBand.count : 0;
  const isMass =
    isMassChange(turning + counted + waiting, known, limits.massChange) ||
    isGradualMassChange(before, now, turns, known, limits.massChange);
  if (isMass) {
    await save(turned, { kind: 'hold', answersDiffer, runId, confirmedUntil });
    const betweenSweeps = { turning, sinceLastSweep: counted };
    await reportTrip(deps, limits.massChange, { runId, known, betweenSweeps });
    return { written: saved.written, held: turning };
  }
  // Counted before it happens: a crash may count too much, never too little.
  await editMassChange(deps.tasks, (state) => countOutOfBand(state, confirmedUntil, turning));
  const applied = await save(turned, { kind: 'apply' });
  await countTurned(deps.tasks, now, applied.changes);
  return { written: saved.written + applied.written, held: 0 };
}

/** A device that is gone turns neither way. */
function directionOf(reading: PointReading): TurnDirection[] {
  return reading.kind === 'found' ? [directionTo(reading.device(undefined).complianceState)] : [];
}

/**
 * While a run of ours is held, and no person has judged it, what joins it has its name: one release lets all through.
 */
function periodOf(held: readonly HeldRun[], freshId: string): string {
  const open = held.findLast(({ runId, released }) => runId.startsWith(OUT_OF_BAND) && released === undefined);
  return open?.runId ?? freshId;
}
