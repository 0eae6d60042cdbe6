// What differs between the MDMs that answer Cisco's MDM dialect.

export interface MdmPreset {
  /** As settings name it; docs/sources/ has a page of this name. */
  readonly name: string;
  /** Name of its source by default: certificates that name the product lead to a source of that name. */
  readonly source: string;
  /** The product in words, for errors and the doctor. */
  readonly title: string;
  /** The newest version of the dialect to ask for. */
  readonly newestVersion: 1 | 2 | 3;
  /** The product's own device ids, in lower case: no other text is worth a question. */
  readonly deviceId: RegExp;
  /** What stands before the id in certificates made for Cisco ISE; absent where the operator chooses it. */
  readonly certificatePrefix?: string;
  /** Questions a second, and so many at once after a rest. No vendor publishes a limit for this interface. */
  readonly pace: { readonly capacity: number; readonly perSecond: number };
  /** Questions under way at once, at most. */
  readonly atOnce: number;
  /** The right that the account needs on that side, for the action of an error. */
  readonly right: string;
}

/** Careful: ISE asks once for each login, and the servers were made for that. */
export const USUAL_PACE = { capacity: 20, perSecond: 10 } as const;
export const USUALLY_AT_ONCE = 4;

const GUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
export const GUID_ONLY = new RegExp(`^${GUID}$`);
