// Devices that several sources know, joined as lookups join them, and those of them whose sources disagree.

import { type Device, isBeingRemoved, isDisabled } from '../domain/device/device.ts';
import { strongIdentities } from '../domain/device/joined-records.ts';
import { CountedDevices, type Sharing, sharing } from './counted-devices.ts';

interface Joined {
  readonly ids: Set<string>;
  readonly records: { readonly id: string; readonly name?: string; readonly source: string; readonly says: string }[];
}

export class JoinedDevices {
  readonly #byId = new Map<string, Joined>();

  add(device: Device): void {
    const ids = strongIdentities(device).map(({ kind, value }) => `${kind}|${value}`);
    if (ids.length === 0) return;
    const known = new Set(ids.flatMap((id) => this.#byId.get(id) ?? []));
    const [joined = { ids: new Set<string>(), records: [] }, ...others] = known;
    for (const other of others) {
      joined.records.push(...other.records);
      for (const id of other.ids) this.#note(joined, id);
    }
    const { id, name, source } = device;
    joined.records.push({ id, ...(name !== undefined && { name }), source, says: saidOf(device) });
    for (const one of ids) this.#note(joined, one);
  }

  /** Devices with records in several sources. */
  get count(): number {
    return this.#joined().length;
  }

  /** Those whose sources say different things. */
  disagreeing(most: number): Sharing {
    const several = this.#joined().filter(({ records }) => new Set(records.map(({ says }) => says)).size > 1);
    return sharing(
      several.map(({ records }) => {
        const sharers = new CountedDevices();
        for (const record of records) sharers.add(record);
        return [records.map(({ source, says }) => `${source} ${says}`).join(', '), sharers];
      }),
      most,
    );
  }

  #joined(): Joined[] {
    const all = [...new Set(this.#byId.values())];
    return all.filter(({ records }) => new Set(records.map(({ source }) => source)).size > 1);
  }

  #note(joined: Joined, id: string): void {
    joined.ids.add(id);
    this.#byId.set(id, joined);
  }
}

function saidOf(device: Device): string {
  if (isDisabled(device)) return 'disabled';
  return isBeingRemoved(device) ? 'beingRemoved' : device.complianceState;
}
