// What is held beside records, device by device, as a sweep has it in hand: sixteen bytes each and a slot, since after
// a fault at the source that is the whole fleet.

import { type DeviceKey, deviceHash } from '../../domain/device/device.ts';
import { countTurns, type TurnDirection, type Turns } from '../../domain/device/turn-direction.ts';
import { PackedEntries } from '../sweep/packed-entries.ts';
import { EARLIER_RUNS } from './mass-change.ts';

/** As they stand in an entry, in the place of its misses. */
const DIRECTIONS: readonly (TurnDirection | undefined)[] = [undefined, 'better', 'worse'];
/** Names of runs that an entry can point to. */
const MOST_RUNS = 65_536;

/** Devices with a turn held beside their record. */
export class HeldFlips {
  readonly #entries = new PackedEntries();
  readonly #counts = DIRECTIONS.map(() => 0);

  get size(): number {
    return this.#entries.size;
  }

  has(key: DeviceKey): boolean {
    return this.#entries.find(deviceHash(key)) !== undefined;
  }

  /** @param to which way it turns; absent where the version before held it */
  set(key: DeviceKey, to: TurnDirection | undefined): void {
    this.delete(key);
    const direction = DIRECTIONS.indexOf(to);
    this.#entries.setMissed(this.#entries.add(deviceHash(key)), direction);
    this.#count(direction, 1);
  }

  delete(key: DeviceKey): void {
    const entry = this.#entries.find(deviceHash(key));
    if (entry === undefined) return;
    this.#count(this.#entries.missed(entry), -1);
    this.#entries.remove(entry);
  }

  /** @param others devices that are counted otherwise @returns which way the rest of them turn */
  turnsBut(others: Iterable<DeviceKey>): Turns {
    const left = [...this.#counts];
    for (const key of others) {
      const entry = this.#entries.find(deviceHash(key));
      if (entry === undefined) continue;
      const direction = this.#entries.missed(entry);
      left[direction] = (left[direction] ?? 0) - 1;
    }
    const turns = { better: 0, worse: 0 };
    for (const [direction, count] of left.entries()) {
      const { better, worse } = countTurns([DIRECTIONS[direction]]);
      turns.better += better * count;
      turns.worse += worse * count;
    }
    return turns;
  }

  #count(direction: number, more: number): void {
    this.#counts[direction] = (this.#counts[direction] ?? 0) + more;
  }
}

/** Devices whose absence is held beside their record, with the run that held it. */
export class HeldAbsences {
  readonly #entries = new PackedEntries();
  readonly #runs: string[] = [];
  readonly #numbers = new Map<string, number>();

  get size(): number {
    return this.#entries.size;
  }

  has(key: DeviceKey): boolean {
    return this.#entries.find(deviceHash(key)) !== undefined;
  }

  set(key: DeviceKey, runId: string): void {
    const hash = deviceHash(key);
    const entry = this.#entries.find(hash) ?? this.#entries.add(hash);
    this.#entries.setRun(entry, this.#numberOf(runId));
  }

  /** Of so many runs that an entry cannot point to all, the last ones count as those that are not listed by name. */
  runOf(key: DeviceKey): string | undefined {
    const entry = this.#entries.find(deviceHash(key));
    return entry === undefined ? undefined : this.#runs[this.#entries.run(entry)];
  }

  #numberOf(runId: string): number {
    const known = this.#numbers.get(runId);
    if (known !== undefined) return known;
    const next = this.#runs.length;
    if (next === MOST_RUNS) return next - 1;
    const number = this.#runs.push(next === MOST_RUNS - 1 ? EARLIER_RUNS : runId) - 1;
    this.#numbers.set(runId, number);
    return number;
  }
}
