// Which identifiers are in use between a source port and a NAS, and which may not be used again yet.

export interface IdentifierLedger {
  /** An identifier that is free between these two, now in use; `undefined` if none of the 256 is. */
  take(sourcePort: string, nas: string): number | undefined;
  /** Ends its use: the identifier may be taken again after the replay window. */
  release(sourcePort: string, nas: string, identifier: number): void;
  /** Drops what has become free, to give memory back. */
  forgetFree(): void;
}

interface Line {
  /** The first identifier; the others follow in turn until all have been used once. */
  readonly first: number;
  used: number;
  readonly ended: EndedUses;
}

const IDENTIFIERS = 256;

/**
 * Identifiers of one line whose use has ended, the earliest one first. A busy relay remembers a hundred thousand of
 * them, so each is one number in a ring that grows with need.
 */
class EndedUses {
  #ring = new Float64Array(4);
  #first = 0;
  count = 0;

  add(identifier: number, freeAt: number): void {
    if (this.count === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.count++) % this.#ring.length] = Math.ceil(freeAt) * IDENTIFIERS + identifier;
  }

  /** The earliest one, if it is free by then. */
  takeFree(now: number): number | undefined {
    if (this.count === 0 || this.#freeAt(0) > now) return undefined;
    const identifier = this.#at(0) % IDENTIFIERS;
    this.#first = (this.#first + 1) % this.#ring.length;
    this.count--;
    return identifier;
  }

  allFree(now: number): boolean {
    return this.count > 0 && this.#freeAt(this.count - 1) <= now;
  }

  #freeAt(index: number): number {
    return Math.floor(this.#at(index) / IDENTIFIERS);
  }

  #at(index: number): number {
    return this.#ring[(this.#first + index) % this.#ring.length] ?? 0;
  }

  #grow(): void {
    const wider = new Float64Array(this.#ring.length * 2);
    for (let index = 0; index < this.count; index++) wider[index] = this.#at(index);
    this.#ring = wider;
    this.#first = 0;
  }
}

/**
 * A NAS recognises a repeated request by source address, source port and identifier (RFC 5176 section 2.3) within its
 * replay window, so 256 requests per source port and window are possible. The ledger goes by port and outlives sockets:
 * the system may hand out the same port again.
 * @param windowMs - milliseconds from an identifier's last use to its next
 * @param now - monotonic milliseconds
 */
export function createIdentifierLedger(windowMs: number, now: () => number, random: () => number): IdentifierLedger {
  const lines = new Map<string, Line>();
  const key = (sourcePort: string, nas: string) => `${sourcePort} ${nas}`;
  return {
    take(sourcePort, nas) {
      let line = lines.get(key(sourcePort, nas));
      if (line === undefined) {
        // A random beginning: after a restart the system may hand out the port of the process before.
        line = { first: Math.floor(random() * IDENTIFIERS), used: 0, ended: new EndedUses() };
        lines.set(key(sourcePort, nas), line);
      }
      if (line.used < IDENTIFIERS) return (line.first + line.used++) % IDENTIFIERS;
      return line.ended.takeFree(now());
    },
    release(sourcePort, nas, identifier) {
      lines.get(key(sourcePort, nas))?.ended.add(identifier, now() + windowMs);
    },
    forgetFree() {
      for (const [name, { used, ended }] of lines) {
        if (ended.count === used && ended.allFree(now())) lines.delete(name);
      }
    },
  };
}
