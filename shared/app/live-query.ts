// Whether and how a lookup may ask Intune itself.

import { createUnknownDevicesCache } from '../adapters/memory/unknown-devices-cache.ts';
import { LiveQuery } from '../lookup/live-query.ts';
import type { Metrics } from '../ports/telemetry.ts';
import type { Context } from './context.ts';

/** What signs in is loaded with the first question, which its deadline bounds: most lookups never need it. */
export function liveQuery({ settings, clock, intune }: Context, metrics: Metrics): { readonly live?: LiveQuery } {
  const { deadlineMs, perSecond, maximumInstances } = settings.liveQuery;
  if (perSecond === 0) return {};
  const retrieval = {
    readByDeviceId: async (id: string, options: { readonly signal?: AbortSignal | undefined }) =>
      (await intune()).retrieval.readByDeviceId(id, options),
  };
  const deps = { retrieval, unknown: createUnknownDevicesCache(), clock, metrics };
  return { live: new LiveQuery(deps, { deadlineMs, perSecond: perSecond / maximumInstances }) };
}
