// Where lists of MAC addresses are kept.

import type { Instant } from '../domain/instant.ts';
import type { CallOptions } from './call-options.ts';

/** Lists of MAC addresses, which policies name. A list never changes, so that a policy always means the same. */
export interface MacListStore {
  /** False when there is a list of that name already. */
  createMacList(list: MacList): Promise<boolean>;
  readMacList(name: string, options?: CallOptions): Promise<MacList | undefined>;
  /** Newest first. */
  listMacLists(): Promise<MacListSummary[]>;
}

export interface MacListSummary {
  readonly name: string;
  readonly createdAt: Instant;
  /** Name of the client, or of the operator's login, that brought it. */
  readonly by: string;
  readonly addresses: number;
}

export interface MacList extends MacListSummary {
  /** Hexadecimal digits of addresses and beginnings, sorted, one a line. */
  readonly text: string;
}
