// Whether and how a lookup may ask a source itself.

import { createUnknownDevicesCache } from '../adapters/memory/unknown-devices-cache.ts';
import { sourceState } from '../adapters/table-storage/source-state.ts';
import type { Tables } from '../adapters/table-storage/tables.ts';
import { SourceError } from '../errors.ts';
import { LiveQuery } from '../lookup/live-query.ts';
import { readServiceAddress } from '../polling/between-sweeps/service-address.ts';
import type { LiveVerdicts } from '../ports/mdm-source.ts';
import type { Metrics, Telemetry } from '../ports/telemetry.ts';
import type { Context } from './context.ts';
import { lazy } from './lazy.ts';
import type { ConfiguredSource } from './sources.ts';

/**
 * Each source has its own share and pauses by itself. What signs in is loaded with the first question, which its
 * deadline bounds: most lookups never need it.
 * @param tables where the poll leaves the address of the service
 */
export function openLiveQuery(
  { settings, sources, clock, mostRemembered }: Context,
  tables: Tables,
  metrics: Metrics,
  telemetry: Telemetry | undefined,
): { readonly live?: (source: string) => LiveQuery | undefined } {
  const { deadlineMs, perSecond, maximumInstances } = settings.liveQuery;
  if (perSecond === 0) return {};
  const open = (asked: ConfiguredSource): LiveQuery => {
    const { tasks } = sourceState(tables, asked.name);
    const verdictsOf = lazy(async () => {
      const { source } = await asked.open();
      return source.live?.(() => readServiceAddress(tasks)) ?? cannotBeAsked(source.name);
    });
    const verdicts: LiveVerdicts = {
      readByDeviceId: async (id, options) => (await verdictsOf()).readByDeviceId(id, options),
    };
    const { isDeviceId } = asked;
    const deps = {
      verdicts,
      isDeviceId,
      unknown: createUnknownDevicesCache(mostRemembered),
      clock,
      metrics,
      telemetry,
    };
    return new LiveQuery(deps, { deadlineMs, perSecond: perSecond / maximumInstances });
  };
  // One that is opened again has a share of its own again.
  const opened = new WeakMap<ConfiguredSource, LiveQuery>();
  return {
    live(name) {
      const asked = sources.known.find((source) => source.name === name);
      if (!asked?.limits.asksLive) return undefined;
      const query = opened.get(asked) ?? open(asked);
      opened.set(asked, query);
      return query;
    },
  };
}

function cannotBeAsked(source: string): never {
  throw new SourceError('NAC_SOURCE_UNAVAILABLE', `${source} answers no questions of lookups.`, {
    action: 'Set LIVE_QUERIES_PER_SECOND to 0.',
  });
}
