// An override as routes show it: in the fields that made it.

import type { Instant } from '../domain/instant.ts';
import { isInForce, type Override } from '../domain/policy/override.ts';

export interface ShownOverride extends Omit<Override, 'target' | 'effect' | 'machine' | 'ofSite' | 'compared'> {
  readonly device?: string;
  readonly source?: string;
  readonly mac?: string;
  readonly certificate?: { readonly serial: string; readonly issuer?: string };
  readonly user?: string;
  readonly block?: true;
  readonly role?: string;
  /** Whether it decides now; one that has ended is shown until its stations were compared with policy again. */
  readonly inForce: boolean;
}

export function showOverride(
  { target, effect, machine, ofSite, compared, ...rest }: Override,
  now: Instant,
): ShownOverride {
  const about = 'device' in target ? { device: target.device.id, source: target.device.source } : target;
  const does = effect.kind === 'block' ? { block: true as const } : { role: effect.role };
  return { ...about, ...does, ...rest, inForce: isInForce({ target, effect, ...rest }, now) };
}
