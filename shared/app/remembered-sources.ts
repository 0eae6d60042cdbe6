// The sources that were polled, as they were defined last: a source that is defined no more has devices in the store,
// which count at its sites and nowhere else until they are gone.

import { CERTIFICATE_SOURCE } from '../domain/identity/certificate-source.ts';
import { sameData } from '../domain/same-data.ts';
import { StoreError } from '../errors.ts';
import type { TaskStore } from '../ports/task-store.ts';
import { reachableFor } from './source-parts.ts';
import { commonSetup, type SourceSetup } from './source-setup.ts';

/** One row, beside those of tasks. */
export const REMEMBERED_TASK = 'sources';
/** Definitions are at most sixteen at a time; beyond this the ones that were removed first are forgotten. */
const MOST_REMEMBERED = 64;
/** A removed source counts as unreachable from the moment on. */
export const NEVER_REACHABLE_MS = -1;

export interface RememberedSource
  extends Pick<
    SourceSetup,
    'name' | 'place' | 'certificateIds' | 'sites' | 'precedence' | 'entraIds' | 'sweeps' | 'limits'
  > {}

export interface RememberedSources {
  /** Oldest first. */
  readonly sources: readonly RememberedSource[];
}

export async function readRemembered(tasks: TaskStore): Promise<readonly RememberedSource[]> {
  const { state } = await tasks.read<RememberedSources>(REMEMBERED_TASK);
  return state?.sources ?? [];
}

/** As a program sees them that has the store alone, such as the command line: what is removed is among them. */
export async function polledSources(
  tasks: TaskStore,
): Promise<readonly Pick<SourceSetup, 'name' | 'certificateIds' | 'sites' | 'precedence' | 'reachableMs'>[]> {
  const remembered = await readRemembered(tasks);
  if (remembered.length === 0) return [{ name: CERTIFICATE_SOURCE, reachableMs: undefined }];
  return remembered.map(({ sweeps, limits, ...source }) => ({
    ...source,
    reachableMs: sweeps ? reachableFor(limits.pollingIntervalMs) : undefined,
  }));
}

/** Writes only where something is new. Another process that was first wrote the same. */
export async function remember(tasks: TaskStore, defined: readonly SourceSetup[]): Promise<void> {
  const { state, etag } = await tasks.read<RememberedSources>(REMEMBERED_TASK);
  const known = state?.sources ?? [];
  const names = new Set(defined.map(({ name }) => name));
  const removed = known.filter(({ name }) => !names.has(name));
  const sources = [...removed, ...defined.map(rememberedOf)].slice(-MOST_REMEMBERED);
  if (sameData(known, asStored(sources))) return;
  try {
    await tasks.write<RememberedSources>(REMEMBERED_TASK, { sources }, etag);
  } catch (thrown) {
    if (!(thrown instanceof StoreError) || thrown.code !== 'NAC_POLL_LEASE_LOST') throw thrown;
  }
}

/** A row keeps no field that is undefined: what is absent and what is undefined are the same there. */
function asStored(sources: readonly RememberedSource[]): unknown {
  return JSON.parse(JSON.stringify(sources));
}

function rememberedOf({
  name,
  place,
  certificateIds,
  sites,
  precedence,
  entraIds,
  sweeps,
  limits,
}: SourceSetup): RememberedSource {
  return {
    ...{ name, sweeps, limits },
    ...(place !== undefined && { place }),
    ...(certificateIds !== undefined && { certificateIds }),
    ...(sites !== undefined && { sites }),
    ...(precedence !== undefined && { precedence }),
    ...(entraIds && { entraIds }),
  };
}

/**
 * As if it listed nothing and knew no device: what is stored of it is found absent as any other device is, a mass of
 * absences is held until a person releases it, and meanwhile the source counts as unreachable.
 */
export function removedSetup(remembered: RememberedSource, now: () => Date): SourceSetup {
  const { name, place, sweeps, limits, entraIds, certificateIds = name } = remembered;
  const requestedAt = (): string => now().toISOString();
  const isDeviceId = (): boolean => true;
  const unknown = async () => ({ requestedAt: requestedAt() });
  const pace = { capacity: 100, perSecond: 100 };
  return {
    ...commonSetup(remembered),
    ...(place !== undefined && { place }),
    certificateIds,
    ...(entraIds && { entraIds }),
    removed: true,
    isDeviceId,
    sweeps,
    limits: { ...limits, changedDevicesIntervalMs: undefined, hardwareMaxAgeMs: undefined, asksLive: false },
    reachableMs: NEVER_REACHABLE_MS,
    callMs: 60_000,
    open: async () => ({
      source: {
        ...{ name, isDeviceId },
        ...(sweeps
          ? {
              list: { listDevices: async () => ({ requestedAt: requestedAt(), records: [] }) },
              devices: {
                readDevices: async (ids: readonly string[]) =>
                  ids.map((id) => ({ id, requestedAt: requestedAt(), kind: 'absent' as const })),
              },
            }
          : { verdicts: { pace, atOnce: 8, readByDeviceId: unknown, readByMac: unknown } }),
      },
      close: async () => undefined,
    }),
    examine: async () => ({
      checks: [
        {
          name: `source-${name}`,
          title: `Source ${name}`,
          run: async () => ({
            status: 'warn',
            saw: 'It is defined no more.',
            means: 'Its devices are taken away; where they are many, they are held until a person releases them.',
            action: 'GET /api/poll shows what is held. If it was removed by mistake, define it again under this name.',
          }),
        },
      ],
      close: async () => undefined,
    }),
  };
}
