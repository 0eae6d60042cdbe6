// What each source says of each stored device: read once before a fleet of several sources is judged, since the records
// of one device lie in different shards. Some hundred bytes a record in memory.

import { type Device, deviceKeyText } from '../domain/device/device.ts';
import { withGroupsOf } from '../domain/device/group-memberships.ts';
import {
  type CountingVerdict,
  foremostFirst,
  isJoined,
  type SourceVerdict,
  strongIdentities,
  verdictThatCounts,
} from '../domain/device/joined-records.ts';
import { identityText } from '../domain/identity/identity.ts';
import type { JoinRules } from '../ports/join-rules.ts';

type Known = Pick<Device, 'source' | 'id' | 'complianceState' | 'entraDeviceId' | 'groups'>;

export interface JudgedDevice extends CountingVerdict {
  /** The device with what all its records say of groups. */
  readonly device: Device;
}

interface Entry {
  readonly device: Known;
  readonly verdict: SourceVerdict;
}

export class FleetVerdicts {
  readonly #byId = new Map<string, Entry[]>();
  /** Texts of groups are few: each is kept once. */
  readonly #texts = new Map<string, string>();
  readonly #rules: JoinRules;

  constructor(rules: JoinRules) {
    this.#rules = rules;
  }

  add({ source, id, complianceState, entraDeviceId, groups }: Device, verdict: SourceVerdict): void {
    if (!this.#rules.sources.includes(source)) return;
    const device = {
      ...{ source, id, complianceState },
      ...(entraDeviceId !== undefined && { entraDeviceId }),
      ...(groups !== undefined && { groups: this.#once(groups) }),
    };
    for (const identity of strongIdentities(device)) {
      const text = identityText(identity);
      const known = this.#byId.get(text);
      if (known === undefined) this.#byId.set(text, [{ device, verdict }]);
      else known.push({ device, verdict });
    }
  }

  /** @returns `undefined` where another record stands for the device: it is judged there */
  judge(device: Device, own: SourceVerdict): JudgedDevice | undefined {
    const found = strongIdentities(device).flatMap((identity) => this.#byId.get(identityText(identity)) ?? []);
    const others = found.filter((entry) => isJoined(device, entry.device));
    if (others.some((entry) => foremostFirst(entry.device, device) < 0)) return undefined;
    const verdicts = new Map(others.map(({ verdict }) => [deviceKeyText(verdict), verdict]));
    const { precedenceOf } = this.#rules;
    return {
      ...verdictThatCounts(own, [...verdicts.values()], precedenceOf),
      device: withGroupsOf(
        device,
        others.map((entry) => entry.device),
        (source) => this.#rules.hasEntraIds(source),
      ),
    };
  }

  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}
