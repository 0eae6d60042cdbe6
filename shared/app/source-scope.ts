// Which sources count at which site: those that name no sites at all of them, the others where they say.

import type { SourceScope, SourcesOfSite } from '../ports/source-scope.ts';
import type { SourceSetup } from './source-setup.ts';

type Scoped = Pick<SourceSetup, 'name' | 'certificateIds' | 'sites'>;

/** @param sources in force, with those whose devices are still stored */
export function scopeOf(sources: () => Promise<readonly Scoped[]>): SourceScope {
  return {
    async at(site) {
      const all = await sources();
      // One customer: what a version before has stored of a source that nothing names counts as it did.
      if (all.every(({ sites }) => sites === undefined)) return whole(all);
      const here = all.filter(({ sites }) => sites === undefined || sites.includes(site));
      const only = here.map(({ name }) => name);
      return {
        ...{ names: only, only },
        counts: (source) => only.includes(source),
        namedBy: (namespace) => namedBy(here, namespace),
      };
    },
    everywhere: async () => whole(await sources()),
  };
}

function whole(all: readonly Scoped[]): SourcesOfSite {
  return {
    names: all.map(({ name }) => name),
    counts: () => true,
    namedBy: (namespace) => [...new Set([namespace, ...namedBy(all, namespace)])],
  };
}

function namedBy(sources: readonly Scoped[], namespace: string): string[] {
  return sources.flatMap(({ name, certificateIds = name }) =>
    [name, certificateIds].includes(namespace) ? [name] : [],
  );
}
