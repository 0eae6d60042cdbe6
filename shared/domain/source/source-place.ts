// What a source asks, as one text, and whether a name may be given to another definition: devices are stored under the
// name, so under a name that was another customer's they would count at sites of this one.

import { MDMINFO_PATH } from '../mdm-dialect.ts';
import { withoutTrailing } from '../trailing.ts';
import type { SourceDefinition } from './source-definition.ts';

/** A source as it was polled last, as far as that is known. */
export interface AskedBefore {
  readonly place?: string | undefined;
  /** Absent: all. */
  readonly sites?: readonly string[] | undefined;
}

/** The tenant or the server, whichever way it is written: two definitions with the same place ask the same. */
export function placeOf(definition: SourceDefinition): string {
  const { kind, connection } = definition;
  if (kind !== 'cisco-mdm') return `${kind} ${connection.tenantId.toLowerCase()}`;
  const { origin, pathname } = new URL(`${withoutTrailing(connection.address, '/')}/${connection.instance ?? ''}`);
  const path = withoutTrailing(pathname.toLowerCase(), '/');
  const entry = [MDMINFO_PATH, '/ciscoise'].find((end) => path.endsWith(end)) ?? '';
  return `${kind} ${origin}${withoutTrailing(path.slice(0, path.length - entry.length), '/')}`;
}

/**
 * Whether what is stored under the name may be another customer's. A server may move, as long as its devices count
 * nowhere where those of before did not; another tenant or another kind has other devices.
 */
export function isOfAnother({ place, sites }: AskedBefore, definition: SourceDefinition): boolean {
  if (place === undefined || place === placeOf(definition)) return false;
  if (definition.kind !== 'cisco-mdm' || !place.startsWith(`${definition.kind} `)) return true;
  return sites !== undefined && definition.sites?.every((site) => sites.includes(site)) !== true;
}
