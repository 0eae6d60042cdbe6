// Which sources count at which site.

import type { CallOptions } from './call-options.ts';

export interface SourceScope {
  /** By the definitions in force. @throws StoreError while they were never read */
  at(site: string, options?: CallOptions): Promise<SourcesOfSite>;
  /** At every site: for people who may see all of them, never for an answer to a station. */
  everywhere(options?: CallOptions): Promise<SourcesOfSite>;
}

export interface SourcesOfSite {
  /** Absent where no source is left out. */
  readonly only?: readonly string[];
  counts(source: string): boolean;
  /**
   * Sources whose device ids certificates give under this name: each tenant of Intune under `intune`.
   * @param namespace of the id, as {@link PresentedIdentity}.source; `intune` where that is absent
   */
  namedBy(namespace: string): readonly string[];
}
