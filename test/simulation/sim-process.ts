// A process: what it calls, and what becomes of that when it is killed. After its end no call returns and no timer goes
// off; what was on its way to a service may get there all the same.

import type { Clock } from '../../shared/ports/clock.ts';
import type { Timer } from '../../shared/ports/timer.ts';
import type { SeededRandom } from './seeded-random.ts';
import { type Conditions, passage, refusedBy, type Service, unanswered } from './services/conditions.ts';
import { abortError, type Signal, type Wire } from './services/wire.ts';
import { clockOf, type VirtualTime } from './virtual-time.ts';

/** One for each that waits: a promise keeps all who wait for it, and with them their world. */
const never = (): Promise<never> => new Promise(() => undefined);

export class SimProcess {
  readonly name: string;
  readonly clock: Clock & Timer;
  readonly random: SeededRandom;
  readonly #time: VirtualTime;
  readonly #conditions: Conditions;
  readonly #onEnd: () => void;
  /** By how much its clock is off. */
  skewMs = 0;
  /** By how much longer each of its calls takes, there and back each. */
  farMs = 0;
  alive = true;
  #doom: { calls: number; readonly reached: boolean } | undefined;

  constructor(name: string, time: VirtualTime, conditions: Conditions, random: SeededRandom, onEnd: () => void) {
    this.name = name;
    this.random = random;
    this.#time = time;
    this.#conditions = conditions;
    this.#onEnd = onEnd;
    this.clock = clockOf(
      (milliseconds, ring) => this.after(milliseconds, ring),
      () => time.now,
      () => this.skewMs,
    );
  }

  after(milliseconds: number, ring: () => void): () => void {
    return this.#time.after(milliseconds, () => {
      if (this.alive) ring();
    });
  }

  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#onEnd();
  }

  /** It ends with its call of that number from now. @param reached whether that call gets to the service */
  killAtCall(calls: number, reached: boolean): void {
    this.#doom = { calls, reached };
  }

  /** It is not to end any more. */
  reprieve(): void {
    this.#doom = undefined;
  }

  /** @param limitMs how long a call may take, after which it fails */
  wireTo(service: Service, limitMs: number): Wire {
    return {
      // What the service pushes over a link is not asked for twice.
      call: (what, effect, signal) => this.#call(service, limitMs, effect, signal, !/\.(receive|accept)$/.test(what)),
    };
  }

  #call<T>(
    service: Service,
    limitMs: number,
    effect: () => T,
    signal: Signal | undefined,
    mayBeRepeated: boolean,
  ): Promise<T> {
    if (!this.alive) return never();
    if (signal?.aborted) return Promise.reject(abortError());
    const reaches = this.#endsHere();
    if (reaches === false) return never();
    const { fate, ...times } = passage(this.#conditions.trouble[service], this.random);
    const toServiceMs = times.toServiceMs + this.farMs;
    const toCallerMs = times.toCallerMs + this.farMs;
    const outlives = reaches === true || this.random.chance(0.5);
    return new Promise((resolve, reject) => {
      let settle: (() => void) | undefined;
      const answer = (milliseconds: number, done: () => void): void => {
        this.after(milliseconds, () => {
          settle?.();
          done();
        });
      };
      if (signal !== undefined) {
        const aborted = (): void => {
          signal.removeEventListener('abort', aborted);
          if (this.alive) reject(abortError());
        };
        settle = () => signal.removeEventListener('abort', aborted);
        signal.addEventListener('abort', aborted);
      }
      if (fate === 'lost') return answer(limitMs, () => reject(unanswered(service)));
      this.#time.after(toServiceMs, () => {
        if (!this.alive && !outlives) return;
        if (fate === 'refused') return answer(toCallerMs, () => reject(refusedBy(service)));
        const first = attempt(effect);
        // The retry is one more call, and meets what the first one did.
        const result = fate === 'repeated' && mayBeRepeated ? attempt(effect) : first;
        answer(toCallerMs, () => ('value' in result ? resolve(result.value) : reject(result.thrown)));
      });
    });
  }

  /** @returns whether the last call reaches the service; `undefined` if it is not the last one */
  #endsHere(): boolean | undefined {
    if (this.#doom === undefined) return undefined;
    this.#doom.calls -= 1;
    if (this.#doom.calls > 0) return undefined;
    const { reached } = this.#doom;
    this.#doom = undefined;
    // After this turn, so that the call is under way.
    queueMicrotask(() => this.kill());
    return reached;
  }
}

function attempt<T>(effect: () => T): { readonly value: T } | { readonly thrown: unknown } {
  try {
    return { value: effect() };
  } catch (thrown) {
    return { thrown };
  }
}
