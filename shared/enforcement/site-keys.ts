// The key of each site's sessions: ids of stations and of jobs are made with it.

import type { Clock } from '../ports/clock.ts';

export type SiteKeys = () => Promise<readonly { readonly site: string; readonly sessionKey: string }[]>;

/** Keys never change, and sites are made by a person. */
const KNOWN_MS = 60_000;

export type SiteKeyOf = (site: string) => Promise<string | undefined>;

/** Read once a minute at most, and once more for a site that is new. */
export function rememberedSiteKeys(siteKeys: SiteKeys, clock: Pick<Clock, 'now'>): SiteKeyOf {
  let known: { readonly keys: Promise<ReadonlyMap<string, string>>; readonly atMs: number } | undefined;
  const read = (): Promise<ReadonlyMap<string, string>> => {
    const keys = siteKeys().then((all) => new Map(all.map(({ site, sessionKey }) => [site, sessionKey])));
    const reading = { keys, atMs: clock.now().getTime() };
    known = reading;
    keys.catch(() => {
      if (known === reading) known = undefined;
    });
    return keys;
  };
  return async (site) => {
    const isRecent = known !== undefined && clock.now().getTime() - known.atMs < KNOWN_MS;
    const key = known !== undefined && isRecent ? (await known.keys).get(site) : undefined;
    return key ?? (await read()).get(site);
  };
}
