// Saves what was seen of single devices between sweeps: what changed is written with a mark, so that the next sweep
// looks at the record even if its fingerprint is unchanged, and dispatched at once. Flips pass the breaker first.

import { type Device, type DeviceKey, deviceKeyText } from '../../domain/device/device.ts';
import { countTurns, directionTo } from '../../domain/device/turn-direction.ts';
import { type Instant, toInstant } from '../../domain/instant.ts';
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
import type { SweepDeps, SweepLimits } from '../poll-deps.ts';
import { dispatchChanges } from '../records/dispatch-changes.ts';
import { type FlipRule, planGone, planHeldAbsence, planObserved } from '../records/plan-device-write.ts';
import { saveDevices } from '../records/save-devices.ts';

export interface Sightings {
  readonly seen: readonly { readonly device: Device; readonly observedAt: Instant }[];
  /** Point reads that said there is no such device. */
  readonly absent: readonly { readonly key: DeviceKey; readonly observedAt: Instant }[];
}

export interface SavedObservations {
  /** Records written, held ones not counted. */
  readonly written: number;
  readonly held: number;
}

export type ObservationDeps = Omit<SweepDeps, 'source'>;

/** The prefix of names of runs outside the sweep, as stored rows and operators have it. */
const OUT_OF_BAND = 'besides-';

/**
 * @param freshId for what is held, should it be too much: distinguishes it from what an earlier period held
 * @throws StoreError; doing it again is safe
 */
export async function saveObservations(
  deps: ObservationDeps,
  limits: Pick<SweepLimits, 'massChange' | 'answersDiffer'>,
  { seen, absent }: Sightings,
  freshId: string,
): Promise<SavedObservations> {
  const { answersDiffer } = limits;
  const { state } = await deps.sweeps.read();
  const confirmedUntil = state.lastComplete?.startedAt;
  const observedAt = new Map(seen.map((sighting) => [deviceKeyText(sighting.device), sighting.observedAt]));
  const latest = [...new Map(seen.map(({ device }) => [deviceKeyText(device), device])).values()];
  const save = (devices: readonly Device[], flips: FlipRule) =>
    saveDevices<Device>(
      deps,
      devices.map((device) => ({
        key: device,
        plan: (stored) =>
          planObserved(stored, device, observedAt.get(deviceKeyText(device)) ?? '', { flips, outOfBand: true }),
      })),
    );
  const saved = await save(latest, { kind: 'collect', answersDiffer });
  await dispatchChanges(deps, saved.changes);
  const gone = await stillThere(deps, absent);
  const turning = saved.flips.length + gone.length;
  if (turning === 0) return { written: saved.written, held: 0 };

  const known = state.lastComplete?.devices ?? 0;
  const before = await readMassChange(deps.tasks);
  const { held, besides: outOfBand } = before;
  const now = toInstant(deps.clock.now());
  const turns = countTurns(saved.flips.map(({ complianceState }) => directionTo(complianceState)));
  const runId = periodOf(held, `${OUT_OF_BAND}${freshId}`);
  const waiting = held.reduce((sum, { flips, absences }) => sum + flips + absences, 0);
  const counted = outOfBand !== undefined && outOfBand.since === confirmedUntil ? outOfBand.count : 0;
  const isMass =
    isMassChange(turning + counted + waiting, known, limits.massChange) ||
    isGradualMassChange(before, now, turns, known, limits.massChange);
  if (isMass) {
    await save(saved.flips, { kind: 'hold', answersDiffer, runId, confirmedUntil });
    await saveDevices(
      deps,
      gone.map((sighting) => ({
        key: sighting.key,
        plan: (stored) => planHeldAbsence(stored, sighting.observedAt, { runId, confirmedUntil }),
      })),
    );
    const betweenSweeps = { turning, sinceLastSweep: counted };
    await reportTrip(deps, limits.massChange, { runId, known, betweenSweeps });
    return { written: saved.written, held: turning };
  }
  // Counted before it happens: a crash may count too much, never too little.
  await editMassChange(deps.tasks, (state) => countOutOfBand(state, confirmedUntil, turning));
  const applied = await save(saved.flips, { kind: 'apply' });
  await countTurned(deps.tasks, now, applied.changes);
  const left = await saveDevices(
    deps,
    gone.map((sighting) => ({
      key: sighting.key,
      plan: (stored) => planGone(stored, sighting.observedAt, { outOfBand: true }),
    })),
  );
  await dispatchChanges(deps, [...applied.changes, ...left.changes]);
  return { written: saved.written + applied.written + left.written, held: 0 };
}

async function stillThere({ devices }: ObservationDeps, absent: Sightings['absent']): Promise<Sightings['absent']> {
  if (absent.length === 0) return [];
  const stored = await devices.readMany(absent.map(({ key }) => key));
  return absent.filter(({ key }) => {
    const record = stored.get(deviceKeyText(key));
    return record?.presence === 'present' && !(record.held !== undefined && record.held.device === undefined);
  });
}

/**
 * While a run of ours is held, and no person has judged it, what joins it has its name: one release lets all through.
 */
function periodOf(held: readonly HeldRun[], freshId: string): string {
  const open = held.findLast(({ runId, released }) => runId.startsWith(OUT_OF_BAND) && released === undefined);
  return open?.runId ?? freshId;
}
