// Which sources count at which site: all of them at every site.

import type { SourceScope, SourcesOfSite } from '../ports/source-scope.ts';

/** @param sources with the name under which certificates give ids of their devices, where that is another */
export function scopeOf(
  sources: readonly { readonly name: string; readonly certificateIds?: string | undefined }[],
): SourceScope {
  const everywhere: SourcesOfSite = {
    counts: () => true,
    namedBy(namespace) {
      const named = sources.filter(({ name, certificateIds = name }) => [name, certificateIds].includes(namespace));
      return [...new Set([namespace, ...named.map(({ name }) => name)])];
    },
  };
  return { at: async () => everywhere, everywhere: async () => everywhere };
}
