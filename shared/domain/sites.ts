// The sites whose stations one asker may see, or act on. Every query for an operator takes them, so that none can
// forget them.

/** Every site, or those of these names; none of them: nothing is seen. */
export type Sites = 'every' | ReadonlySet<string>;

export const NO_SITE: Sites = new Set<string>();

export function siteNamed(site: string): Sites {
  return new Set([site]);
}

/** @param site absent: every one */
export function sitesOf(site: string | undefined): Sites {
  return site === undefined ? 'every' : siteNamed(site);
}

/** @param site absent: what concerns every site, which is for those alone who may see every one */
export function includesSite(sites: Sites, site: string | undefined): boolean {
  return sites === 'every' || (site !== undefined && sites.has(site));
}

export function bothSites(one: Sites, other: Sites): Sites {
  if (one === 'every' || other === 'every') return 'every';
  return new Set([...one, ...other]);
}

/** As a person reads them, in the order of their names. */
export function sitesText(sites: Sites): string {
  if (sites === 'every') return 'every site';
  const names = [...sites].sort();
  return names.length === 0 ? 'no site' : `the ${names.length === 1 ? 'site' : 'sites'} ${names.join(', ')}`;
}
