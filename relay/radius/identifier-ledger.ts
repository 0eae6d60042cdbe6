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
  /** Identifiers whose use has ended, the earliest one first. */
  readonly ended: { readonly identifier: number; readonly freeAt: number }[];
}

const identifiers = 256;

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
        line = { first: Math.floor(random() * identifiers), used: 0, ended: [] };
        lines.set(key(sourcePort, nas), line);
      }
      if (line.used < identifiers) return (line.first + line.used++) % identifiers;
      const [earliest] = line.ended;
      if (earliest === undefined || earliest.freeAt > now()) return undefined;
      line.ended.shift();
      return earliest.identifier;
    },
    release(sourcePort, nas, identifier) {
      lines.get(key(sourcePort, nas))?.ended.push({ identifier, freeAt: now() + windowMs });
    },
    forgetFree() {
      for (const [name, { used, ended }] of lines) {
        const latest = ended.at(-1);
        if (ended.length === used && latest !== undefined && latest.freeAt <= now()) lines.delete(name);
      }
    },
  };
}
