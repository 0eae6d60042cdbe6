// Devices that have something in common: all of them counted, the first ones kept.

import type { Device } from '../domain/device/device.ts';

export interface MatchExample {
  readonly shared?: string;
  /** The first few; `more` says how many others. */
  readonly devices: readonly { readonly id: string; readonly name?: string }[];
  readonly more: number;
}

/** Devices named for one thing they share. */
const NAMED = 5;

export class CountedDevices {
  count = 0;
  readonly #most: number;
  readonly #first: { id: string; name?: string }[] = [];

  constructor(most = NAMED) {
    this.#most = most;
  }

  add({ id, name }: Pick<Device, 'id' | 'name'>): void {
    this.count += 1;
    if (this.#first.length < this.#most) this.#first.push({ id, ...(name !== undefined && { name }) });
  }

  alone(): MatchExample[] {
    return this.#first.map((device) => ({ devices: [device], more: 0 }));
  }

  together(shared: string): MatchExample {
    return { shared, devices: this.#first, more: this.count - this.#first.length };
  }
}

export interface Sharing {
  readonly devices: number;
  readonly examples: readonly MatchExample[];
}

/** What most devices share comes first. */
export function sharing(groups: Iterable<readonly [string, CountedDevices]>, most: number): Sharing {
  const several = [...groups].filter(([, { count }]) => count > 1).sort(([, a], [, b]) => b.count - a.count);
  return {
    devices: several.reduce((sum, [, { count }]) => sum + count, 0),
    examples: several.slice(0, most).map(([shared, sharers]) => sharers.together(shared)),
  };
}
