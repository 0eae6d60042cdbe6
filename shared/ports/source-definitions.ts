// Which definitions of sources are in force.

import type { Instant } from '../domain/instant.ts';
import type { SourceDefinition } from '../domain/source/source-definition.ts';
import type { CallOptions } from './call-options.ts';

export interface SourceDefinitions {
  /**
   * The active version of sources.yaml; those that the settings make where none was ever activated. Where the store
   * does not answer or the version cannot be read, the last one that could be, which is logged.
   * @throws StoreError, SourcesError while nothing was ever read
   */
  definitionsInForce(options?: CallOptions): Promise<DefinitionsInForce>;
}

export interface DefinitionsInForce {
  /** `built-in` for those that the settings make. The same version has the same definitions, for ever. */
  readonly version: string;
  /** At least one; names are unique. */
  readonly definitions: readonly SourceDefinition[];
  /** The activated version, where that one cannot be used any more. */
  readonly insteadOf?: string;
  /** When the activated version came into force; empty when none was ever activated. */
  readonly since: Instant | '';
  /** Some process may still go by those before. */
  readonly settling: boolean;
  /** When the store was asked last; grows older while it does not answer. */
  readonly readAt: Instant;
}
