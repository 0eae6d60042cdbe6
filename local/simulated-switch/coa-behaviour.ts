/** How the switch is told to answer CoA: rightly, or for a while not at all or with a refusal. */

/** Without `times` it lasts until another behaviour is set. Retransmissions of an answered request do not count. */
export type CoaBehaviour =
  | { readonly coa: 'ack' }
  | { readonly coa: 'silent'; readonly times?: number }
  | { readonly coa: 'nak'; readonly errorCause: number; readonly times?: number };

export class CoaBehaviours {
  #behaviour: CoaBehaviour = { coa: 'ack' };
  #left = Number.POSITIVE_INFINITY;

  set(behaviour: CoaBehaviour): void {
    this.#behaviour = behaviour;
    this.#left = behaviour.coa === 'ack' ? Number.POSITIVE_INFINITY : (behaviour.times ?? Number.POSITIVE_INFINITY);
  }

  /** The behaviour towards the request that has just come. */
  next(): CoaBehaviour {
    const behaviour = this.#behaviour;
    this.#left--;
    if (this.#left <= 0) this.set({ coa: 'ack' });
    return behaviour;
  }
}
