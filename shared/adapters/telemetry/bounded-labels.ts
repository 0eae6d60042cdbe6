// What a label may say: one of its listed values, or one of a bounded number of names out of the configuration.
// Everything else is `other`, so that no client, relay or source can make up series, and nothing that names a person or
// station gets in.

import { LABELS, type LabelDescription, type LabelName, OTHER } from '../../ports/instruments.ts';

/**
 * Most names of a label out of the configuration in one process: as many as a collector can hold and a person can read.
 */
export const MOST_NAMES = 100;
const LONGEST_NAME = 64;

/** Addresses, ids and names of people and stations, however they are written. */
const IDENTITIES: readonly RegExp[] = [
  // MAC addresses: aabbccddeeff, aa-bb-cc-dd-ee-ff, aa:bb…, aabb.ccdd.eeff
  /(?<![0-9a-f])(?:[0-9a-f]{2}[-:.]?){5}[0-9a-f]{2}(?![0-9a-f])/i,
  /(?<![0-9a-f])[0-9a-f]{4}[-:.][0-9a-f]{4}[-:.][0-9a-f]{4}(?![0-9a-f])/i,
  // GUIDs, with hyphens or without
  /[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}/i,
  // User principal names, mail addresses, DOMAIN\user, host/name
  /[@\\/]/,
  // IPv4 and IPv6 addresses
  /(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)/,
  /(?:[0-9a-f]{0,4}:){2,}[0-9a-f]{0,4}/i,
  // Distinguished names, and IMEIs or other long numbers
  /\bCN=/i,
  /\d{10,}/,
];
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._+()-]*$/u;

export class BoundedLabels {
  /** By label, what each text that was seen is taken for; no more than that many. */
  readonly #names = new Map<LabelName, Map<string, string>>();

  bound(labels: Readonly<Record<string, string>>): Record<string, string> {
    const bounded: Record<string, string> = {};
    for (const name in labels) bounded[name] = this.#value(name as LabelName, labels[name] ?? '');
    return bounded;
  }

  #value(name: LabelName, value: string): string {
    const { values }: LabelDescription = LABELS[name];
    if (values !== undefined) return values.includes(value) ? value : OTHER;
    let known = this.#names.get(name);
    if (known === undefined) {
      known = new Map();
      this.#names.set(name, known);
    }
    if (known.has(value)) return value;
    if (known.size >= MOST_NAMES || !isName(value)) return OTHER;
    known.set(value, value);
    return value;
  }
}

function isName(value: string): boolean {
  return value.length <= LONGEST_NAME && NAME.test(value) && !IDENTITIES.some((identity) => identity.test(value));
}
