// Where the app gets the definitions of its sources from: the version of sources.yaml in force, or the settings.

import { CachedVersions } from '../adapters/memory/cached-versions.ts';
import { TableVersionStore } from '../adapters/table-storage/table-version-store.ts';
import type { Tables } from '../adapters/table-storage/tables.ts';
import { readSources, type SourceDefaults } from '../adapters/yaml/read-sources.ts';
import type { SourceDefinition } from '../domain/source/source-definition.ts';
import type { ConnectorError } from '../errors.ts';
import type { SourceDefinitions } from '../ports/source-definitions.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { Context } from './context.ts';
import { type DefiningSettings, definitionsOfSettings } from './definitions-of-settings.ts';

/**
 * Where the version in force cannot be used any more, the newest one before it that can is in force.
 * @param youngEnoughMs how old what is remembered may be
 */
export function openSourceDefinitions(
  { settings, clock, log }: Pick<Context, 'clock' | 'log'> & { readonly settings: DefiningSettings },
  { policies }: Pick<Tables, 'policies'>,
  youngEnoughMs: number,
): SourceDefinitions {
  const defaults = sourceDefaults(settings);
  const versions = new CachedVersions<readonly SourceDefinition[]>({
    store: new TableVersionStore(policies, 'sources'),
    builtIn: definitionsOfSettings(settings),
    compile: (text) => readSources(text, { defaults }),
    clock,
    youngEnoughMs,
    fallsBack: true,
    report: reportOnce(log),
  });
  return {
    async definitionsInForce(options) {
      const { version, compiled, insteadOf, since, readAt, outgoing } = await versions.current(options);
      const settling = outgoing.length > 0;
      return { version, definitions: compiled, ...(insteadOf !== undefined && { insteadOf }), since, settling, readAt };
    },
  };
}

/** What an entry of the file leaves out. */
export function sourceDefaults(settings: DefiningSettings): SourceDefaults {
  const { entra, intunePermissions, entraDeviceDelta, pollingIntervalMs, massChange, mdm } = settings;
  const { tenantId, clientId, cloud } = entra;
  return {
    home: { tenantId, clientId, cloud },
    permissions: intunePermissions,
    deviceDelta: entraDeviceDelta,
    pollingIntervalMs,
    massChange,
    mdmAddress: mdm?.address,
  };
}

/** One line for each trouble, however often it is met, and one when it is over. */
function reportOnce(log: Logger): (problem: ConnectorError | undefined, ageSeconds: number | undefined) => void {
  let reported: string | undefined;
  return (problem, ageSeconds) => {
    const trouble = problem && `${problem.code} ${problem.message}`;
    if (trouble === reported) return;
    reported = trouble;
    if (problem === undefined) {
      log.info('sources.read-again', {});
      return;
    }
    const { code, message, action } = problem;
    log.error('sources.not-read', { code, message, action, ageSeconds });
  };
}
