// The doctor's checks of all sources: each in its own name, and one that cannot be opened keeps no other from its own.

import type { Tables } from '../adapters/table-storage/tables.ts';
import { explainFailure } from '../doctor/explain-failure.ts';
import { CERTIFICATE_SOURCE } from '../domain/identity/certificate-source.ts';
import type { SourceDefinition } from '../domain/source/source-definition.ts';
import { StoreError, toConnectorError } from '../errors.ts';
import type { Check } from '../ports/check.ts';
import type { Logger } from '../ports/telemetry.ts';
import { definitionsOfSettings } from './definitions-of-settings.ts';
import { openSourceDefinitions } from './open-source-definitions.ts';
import { setUpSource } from './set-up-source.ts';
import type { SourceParts } from './source-parts.ts';
import type { Examination, SourceSetup } from './source-setup.ts';

/**
 * Without the store those that settings describe are looked at, as far as that is known: what fails hides nothing else.
 * Where the definitions cannot be used, a check says so in place of all.
 */
export async function setupsInForce(
  parts: SourceParts & { readonly log: Logger },
  tables: Tables,
): Promise<readonly SourceSetup[] | Check> {
  try {
    const { definitions } = await openSourceDefinitions(parts, tables, 0).definitionsInForce();
    return setUpAll(definitions, parts);
  } catch (thrown) {
    // The check of the definitions in force says what is wrong with the store.
    if (thrown instanceof StoreError) return setUpAll(definitionsOfSettings(parts.settings), parts);
    return failed('sources', 'Definitions of sources', thrown);
  }
}

function setUpAll(definitions: readonly SourceDefinition[], parts: SourceParts): SourceSetup[] {
  return definitions.flatMap((definition) => setUpSource(definition, parts) ?? []);
}

export async function examineSources(
  setups: readonly SourceSetup[] | Check,
): Promise<readonly (Examination & Shown)[]> {
  if ('run' in setups) return [{ ...UNKNOWN, checks: [setups] }];
  return Promise.all(
    setups.map(async (setup) => {
      const { name, sweeps, limits, reachableMs, precedence, certificateIds } = setup;
      const examination = await setup.examine().catch((thrown: unknown): Examination => {
        return { checks: [failed(`source-${name}`, `Source ${name}`, thrown)], close: async () => undefined };
      });
      const shown: Shown = {
        ...{ name, sweeps, limits, reachableMs },
        ...(precedence !== undefined && { precedence }),
        ...(certificateIds !== undefined && { certificateIds }),
      };
      return { ...examination, ...shown, checks: inItsName(name, examination.checks) };
    }),
  );
}

type Shown = Pick<SourceSetup, 'name' | 'sweeps' | 'limits' | 'reachableMs' | 'precedence' | 'certificateIds'>;

/** Every tenant has the same checks. Those of the source that was there first keep the names that scripts know. */
function inItsName(source: string, checks: readonly Check[]): readonly Check[] {
  if (source === CERTIFICATE_SOURCE) return checks;
  const nameOf = (name: string): string => (name.endsWith(`-${source}`) ? name : `${name}-${source}`);
  return checks.map((check) => ({
    ...check,
    name: nameOf(check.name),
    title: check.title.includes(source) ? check.title : `${check.title} (${source})`,
    ...(check.needs && { needs: check.needs.map(nameOf) }),
  }));
}

function failed(name: string, title: string, thrown: unknown): Check {
  return { name, title, run: async () => explainFailure(toConnectorError(thrown)) };
}

const UNKNOWN = {
  name: CERTIFICATE_SOURCE,
  sweeps: false,
  reachableMs: undefined,
  limits: {
    pollingIntervalMs: 0,
    changedDevicesIntervalMs: undefined,
    hardwareMaxAgeMs: undefined,
    reauthIntervalMs: 0,
    fastLaneMs: undefined,
    massChange: { share: 1, least: 1 },
    asksLive: false,
  },
  close: async (): Promise<void> => undefined,
};
