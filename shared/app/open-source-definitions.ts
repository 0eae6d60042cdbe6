// Where the app gets the definitions of its sources from.

import type { Tables } from '../adapters/table-storage/tables.ts';
import { toInstant } from '../domain/instant.ts';
import { BUILT_IN } from '../domain/version-activation.ts';
import type { SourceDefinitions } from '../ports/source-definitions.ts';
import type { Context } from './context.ts';
import { type DefiningSettings, definitionsOfSettings } from './definitions-of-settings.ts';

/** @param _youngEnoughMs how old what is remembered may be */
export function openSourceDefinitions(
  { settings, clock }: Pick<Context, 'clock' | 'log'> & { readonly settings: DefiningSettings },
  _tables: Pick<Tables, 'policies'>,
  _youngEnoughMs: number,
): SourceDefinitions {
  const definitions = definitionsOfSettings(settings);
  return {
    definitionsInForce: async () => ({ version: BUILT_IN, definitions, since: '', readAt: toInstant(clock.now()) }),
  };
}
