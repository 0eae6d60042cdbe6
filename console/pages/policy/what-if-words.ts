// What a draft would change, in the order in which a person asks: how many, where, by which rule, and how long it takes.

import type { Described } from '../../../shared/http/schema.ts';
import type { WHAT_IF_REPORT } from '../../../shared/http/schemas/policy.ts';

export type WhatIfReport = Described<typeof WHAT_IF_REPORT>;

export interface SiteChange {
  readonly site: string;
  readonly sessions: number;
  /** Seconds until the site's last CoA is out; absent where the report does not say. */
  readonly seconds: number | undefined;
}

export interface RuleChange {
  readonly from: string;
  readonly to: string;
  readonly sessions: number;
  readonly devices: number;
}

const ARROW = ' -> ';

export function changesBySite({ sessions, enforcing }: WhatIfReport): readonly SiteChange[] {
  return Object.entries(sessions.bySite)
    .map(([site, count]) => ({ site, sessions: count, seconds: enforcing.secondsBySite[site] }))
    .sort((a, b) => b.sessions - a.sessions || a.site.localeCompare(b.site));
}

export function changesByRule({ sessions, fleet }: WhatIfReport): readonly RuleChange[] {
  const names = new Set([...Object.keys(sessions.byRule), ...Object.keys(fleet.byRule)]);
  return [...names]
    .map((name) => {
      const at = name.indexOf(ARROW);
      const [from, to] = at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + ARROW.length)];
      return { from, to, sessions: sessions.byRule[name] ?? 0, devices: fleet.byRule[name] ?? 0 };
    })
    .sort((a, b) => b.sessions - a.sessions || b.devices - a.devices || a.from.localeCompare(b.from));
}

/** `90 s`, `12 min`, `3 h 20 min`. */
export function spelledSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 120) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}
