// The restart of a NAS, by its Accounting-On or Accounting-Off (RFC 2866 5.1): it knows none of the sessions it had.

import type { CoaNas } from '../coa-job.ts';
import type { Instant } from '../instant.ts';

export interface NasRestart {
  readonly site: string;
  readonly nas: CoaNas;
  /** By our clock; rather too early than too late. */
  readonly at: Instant;
}

/** The names by which a NAS is known, the most reliable first. */
const NAMES = ['nasIpAddress', 'nasIpv6Address', 'nasIdentifier'] as const;

/** What a restart is found by, and what a session's NAS is looked for by. */
export function namesOfNas(nas: CoaNas): string[] {
  return NAMES.flatMap((name) => (nas[name] === undefined ? [] : [`${name} ${nas[name]}`]));
}

/**
 * A NAS speaks of itself alone: from its own address, or from the one that its sessions come from (a proxy between).
 * Every name that both have must be the same: behind a proxy that gives all of them its own address only NAS-Identifier
 * differs, and a session that is taken for over is enforced no more.
 */
export function isRestartOf(restart: CoaNas, nas: CoaNas): boolean {
  const common = NAMES.filter((name) => restart[name] !== undefined && nas[name] !== undefined);
  return common.length > 0 && common.every((name) => restart[name] === nas[name]) && isBelieved(restart, nas);
}

/** @param nas as sessions of that name came from it */
export function isBelieved(restart: CoaNas, nas: Pick<CoaNas, 'packetSourceIp'>): boolean {
  return isSentByNas(restart) || restart.packetSourceIp === nas.packetSourceIp;
}

export function isSentByNas({ packetSourceIp, nasIpAddress, nasIpv6Address }: CoaNas): boolean {
  return packetSourceIp !== undefined && [nasIpAddress, nasIpv6Address].includes(packetSourceIp);
}
