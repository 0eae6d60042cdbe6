// Which sources count at which site.

import type { Sites } from '../domain/sites.ts';
import type { CallOptions } from './call-options.ts';

export interface SourceScope {
  /** By the definitions in force. @throws StoreError while they were never read */
  at(site: string, options?: CallOptions): Promise<SourcesOfSite>;
  /** At every site: for people who may see all of them, never for an answer to a station. */
  everywhere(options?: CallOptions): Promise<SourcesOfSite>;
}

export interface SourcesOfSite {
  /** Those in force that count, and those whose devices are still stored. */
  readonly names: readonly string[];
  /** Absent where no source is left out. */
  readonly only?: readonly string[];
  counts(source: string): boolean;
  /**
   * Sources whose device ids certificates give under this name: each tenant of Intune under `intune`.
   * @param namespace of the id, as {@link PresentedIdentity}.source; `intune` where that is absent
   */
  namedBy(namespace: string): readonly string[];
}

/** Sources that count at one of these sites at least: for people who may see several, or all. */
export async function sourcesAt(scope: SourceScope, sites: Sites, options?: CallOptions): Promise<SourcesOfSite> {
  if (sites === 'every') return scope.everywhere(options);
  // The definitions in force are in memory: to ask about many sites costs no more than about one.
  const each = await Promise.all([...sites].map((site) => scope.at(site, options)));
  const [first] = each;
  if (first !== undefined && each.length === 1) return first;
  const union = (lists: readonly (readonly string[])[]): readonly string[] => [...new Set(lists.flat())];
  const only = each.every((one) => one.only !== undefined) && union(each.map((one) => one.only ?? []));
  return {
    names: union(each.map(({ names }) => names)),
    ...(only !== false && { only }),
    counts: (source) => each.some(({ counts }) => counts(source)),
    namedBy: (namespace) => union(each.map(({ namedBy }) => namedBy(namespace))),
  };
}
