// Decides which waiting job may be sent next: bounded in all, per NAS, per minute, and one at a time per session.

import type { CoaBrake } from './coa-brake.ts';
import type { RelayLimits } from './relay-config.ts';

export interface SendLane {
  readonly nas: string;
  /** Jobs of the same session at the same NAS go one after the other, in the order they came. */
  readonly session: string;
}

export interface SendLanes {
  /** @throws the signal's reason, or what `stop` was given */
  acquire(lane: SendLane, signal: AbortSignal): Promise<LaneHold>;
  /** Refuses all that wait, and all that ask later, with this reason. */
  stop(reason: Error): void;
  readonly waiting: number;
  readonly underWay: number;
}

export interface LaneHold {
  /** @param answered whether the NAS gave a sign of life; `undefined` if that was not tried to the end */
  release(answered: boolean | undefined): void;
}

interface Waiter {
  readonly nas: string;
  /** NAS and session as one text. */
  readonly key: string;
  readonly start: () => void;
  readonly refuse: (reason: unknown) => void;
}

export function createSendLanes(
  { concurrency, perNas }: Pick<RelayLimits, 'concurrency' | 'perNas'>,
  brake: Pick<CoaBrake, 'take' | 'whenRoom' | 'stop'>,
): SendLanes {
  const waiters = new Set<Waiter>();
  const busyNas = new Map<string, number>();
  const busySessions = new Set<string>();
  const silent = new Set<string>();
  let underWay = 0;
  let stopped: Error | undefined;

  function startWhatCan(): void {
    // In the order they came. A NAS or session that is busy for one job is busy for the later ones, too.
    for (const waiter of waiters) {
      if (underWay >= concurrency) return;
      const { nas, key } = waiter;
      const busy = busyNas.get(nas) ?? 0;
      if (busy >= allowed(nas)) continue;
      if (busySessions.has(key)) continue;
      // Held here rather than sent back: what the minute has no room for leaves with the next, in the same order.
      if (!brake.take()) {
        brake.whenRoom(startWhatCan);
        return;
      }
      waiters.delete(waiter);
      underWay++;
      busyNas.set(nas, busy + 1);
      busySessions.add(key);
      waiter.start();
    }
  }

  function allowed(nas: string): number {
    return silent.has(nas) ? 1 : perNas;
  }

  function finish({ nas, key }: Pick<Waiter, 'nas' | 'key'>, answered: boolean | undefined): void {
    underWay--;
    const left = (busyNas.get(nas) ?? 1) - 1;
    if (left === 0) busyNas.delete(nas);
    else busyNas.set(nas, left);
    busySessions.delete(key);
    if (answered === true) silent.delete(nas);
    else if (answered === false) silent.add(nas);
    startWhatCan();
  }

  return {
    acquire({ nas, session }, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<LaneHold>();
      if (stopped !== undefined || signal.aborted) {
        reject(stopped ?? signal.reason);
        return promise;
      }
      const abort = () => waiter.refuse(signal.reason);
      const waiter: Waiter = {
        nas,
        key: JSON.stringify([nas, session]),
        start() {
          signal.removeEventListener('abort', abort);
          let released = false;
          resolve({
            release(answered) {
              if (!released) finish(waiter, answered);
              released = true;
            },
          });
        },
        refuse(reason) {
          signal.removeEventListener('abort', abort);
          waiters.delete(waiter);
          reject(reason);
        },
      };
      waiters.add(waiter);
      startWhatCan();
      if (waiters.has(waiter)) signal.addEventListener('abort', abort, { once: true });
      return promise;
    },
    stop(reason) {
      stopped = reason;
      brake.stop();
      for (const waiter of [...waiters]) waiter.refuse(reason);
    },
    get waiting() {
      return waiters.size;
    },
    get underWay() {
      return underWay;
    },
  };
}
