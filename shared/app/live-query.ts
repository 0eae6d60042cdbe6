// Whether and how a lookup may ask Intune itself.

import { createUnknownDevicesCache } from '../adapters/memory/unknown-devices-cache.ts';
import { LiveQuery } from '../lookup/live-query.ts';
import { readServiceAddress } from '../polling/between-sweeps/service-address.ts';
import type { ComplianceRetrieval } from '../ports/compliance-retrieval.ts';
import type { TaskStore } from '../ports/task-store.ts';
import type { Metrics, Telemetry } from '../ports/telemetry.ts';
import type { Context } from './context.ts';
import { once } from './once.ts';

/**
 * What signs in is loaded with the first question, which its deadline bounds: most lookups never need it.
 * @param tasks where the poll leaves the address of the service
 */
export function liveQuery(
  { settings, clock, intune, mostRemembered }: Context,
  tasks: TaskStore,
  metrics: Metrics,
  telemetry: Telemetry | undefined,
): { readonly live?: LiveQuery } {
  const { deadlineMs, perSecond, maximumInstances } = settings.liveQuery;
  if (perSecond === 0) return {};
  const opened = once(async () => (await intune()).retrievalAt(() => readServiceAddress(tasks)));
  const retrieval: Pick<ComplianceRetrieval, 'readByDeviceId'> = {
    readByDeviceId: async (id, options) => (await opened()).readByDeviceId(id, options),
  };
  const deps = { retrieval, unknown: createUnknownDevicesCache(mostRemembered), clock, metrics, telemetry };
  return { live: new LiveQuery(deps, { deadlineMs, perSecond: perSecond / maximumInstances }) };
}
