// How a test has the switch answer CoA: rightly, or for a while not at all, with a refusal, or in ways no NAS should.

import type { MacAddress } from '../../shared/domain/mac-address.ts';

/**
 * - `ack`: as the session deserves
 * - `silent`: not at all
 * - `nak`: with a refusal
 * - `double`: rightly, and the same answer once more
 * - `late`: rightly, but only after that many milliseconds
 * - `forged`: with an ACK that another secret signed, and without any effect
 *
 * Without `times` it lasts until another behaviour is set. Retransmissions of an answered request do not count.
 */
export type CoaBehaviour =
  | { readonly coa: 'ack' }
  | { readonly coa: 'silent' | 'double' | 'forged'; readonly times?: number }
  | { readonly coa: 'late'; readonly delayMs: number; readonly times?: number }
  | { readonly coa: 'nak'; readonly errorCause: number; readonly times?: number };

interface Lasting {
  readonly behaviour: CoaBehaviour;
  left: number;
}

export class CoaBehaviours {
  #general: Lasting = lasting({ coa: 'ack' });
  readonly #ofStations = new Map<MacAddress, Lasting>();

  /** @param mac towards requests about this station; towards all others unless given */
  set(behaviour: CoaBehaviour, mac?: MacAddress): void {
    if (mac === undefined) this.#general = lasting(behaviour);
    else this.#ofStations.set(mac, lasting(behaviour));
  }

  /** The behaviour towards the request that has just come, about that station if it is connected. */
  next(mac: MacAddress | undefined): CoaBehaviour {
    const own = mac === undefined ? undefined : this.#ofStations.get(mac);
    const current = own ?? this.#general;
    const { behaviour } = current;
    current.left--;
    if (current.left <= 0) {
      if (own === undefined || mac === undefined) this.#general = lasting({ coa: 'ack' });
      else this.#ofStations.delete(mac);
    }
    return behaviour;
  }
}

function lasting(behaviour: CoaBehaviour): Lasting {
  const left = behaviour.coa === 'ack' ? undefined : behaviour.times;
  return { behaviour, left: left ?? Number.POSITIVE_INFINITY };
}
