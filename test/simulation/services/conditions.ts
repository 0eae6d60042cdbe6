// What is wrong with a service at the moment, as the calls of one process meet it.

import { RestError } from '@azure/data-tables';
import type { SeededRandom } from '../seeded-random.ts';
import { busError } from './memory-queue.ts';
import { restError } from './memory-table.ts';

export type Trouble =
  | 'none'
  /** Answers, but takes its time. */
  | 'slow'
  /** A share of the calls is refused, and changes nothing. */
  | 'refuses'
  /** A share of the calls is carried out, and its answer never comes; the SDK tries again. */
  | 'loses-answers'
  /** No call gets through. */
  | 'away';

export type Service = 'storage' | 'serviceBus';

export class Conditions {
  readonly trouble: Record<Service, Trouble> = { storage: 'none', serviceBus: 'none' };
}

/** How one call goes. */
export interface Passage {
  readonly toServiceMs: number;
  readonly toCallerMs: number;
  readonly fate: 'answered' | 'refused' | 'repeated' | 'lost';
}

export function passage(trouble: Trouble, random: SeededRandom): Passage {
  const usual = { toServiceMs: 1 + random.below(5), toCallerMs: 1 + random.below(5) };
  switch (trouble) {
    case 'none':
      return { ...usual, fate: 'answered' };
    case 'slow':
      return {
        toServiceMs: random.below(random.chance(0.1) ? 3000 : 300),
        toCallerMs: random.below(100),
        fate: 'answered',
      };
    case 'refuses':
      return { ...usual, fate: random.chance(0.3) ? 'refused' : 'answered' };
    case 'loses-answers':
      return random.chance(0.2)
        ? { toServiceMs: usual.toServiceMs, toCallerMs: 1000 + random.below(2000), fate: 'repeated' }
        : { ...usual, fate: 'answered' };
    case 'away':
      return { ...usual, fate: 'lost' };
  }
}

export function refusedBy(service: Service): Error {
  return service === 'storage'
    ? restError(503, 'ServerBusy')
    : busError('ServiceBusy', 'The service is busy. Try again.');
}

/** After the time that a call may take, the SDK's retries included. */
export function unanswered(service: Service): Error {
  return service === 'storage'
    ? new RestError('no answer', { code: 'ETIMEDOUT' })
    : busError('ServiceTimeout', 'The operation timed out.');
}
