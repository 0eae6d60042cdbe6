// Saves a page of the noncompliant list: what it names is noncompliant.

import type { NoncompliantPage, RetrievedDevice } from '../../ports/compliance-retrieval.ts';
import { idOfAddress, type PointReading, withAddress } from '../point-reads/point-reads.ts';
import { type SavePointReadsDeps, type SaveRules, savePointReads } from '../point-reads/save-point-reads.ts';

/** @returns how many devices the page names */
export async function saveListed(
  deps: SavePointReadsDeps,
  { devices, requestedAt }: NoncompliantPage,
  rules: SaveRules,
): Promise<number> {
  const listed = devices.filter(({ compliant }) => compliant !== true);
  const readings = listed.flatMap((device) => listedReading(device, requestedAt, rules.source));
  await savePointReads(deps, readings, rules);
  return listed.length;
}

/** Listed by its address alone, a device counts where the address stands for it; a known device is asked about. */
function listedReading({ id, mac }: RetrievedDevice, requestedAt: string, source: string): PointReading[] {
  const known = id ?? (mac && idOfAddress(mac));
  if (known === undefined) return [];
  return [
    {
      target: { id: known },
      requestedAt,
      kind: 'found',
      id: known,
      device: (stored) => withAddress({ ...(stored ?? { source, id: known }), complianceState: 'noncompliant' }, mac),
    },
  ];
}
