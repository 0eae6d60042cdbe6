// `GET /v1.0/devices/delta`: the Entra device objects, then what has changed since.

import {
  type DeltaPlace,
  type DeltaQuery,
  type DeltaState,
  deltaFilterIds,
  deltaSelection,
  readDeltaToken,
  writeDeltaToken,
} from './delta-token.ts';
import { differs, ENTRA_DEVICE_PROPERTIES, type EntraDevice } from './entra-device.ts';
import type { EntraChange, EntraDirectory } from './entra-directory.ts';
import { answerGraph, answerGraphError, type GraphCall } from './graph-answer.ts';
import { authorizedByGraph, type GraphAuthorizationContext, type RequiredPermission } from './graph-authorization.ts';
import type { BehaviourSwitches, TenantBehaviour } from './tenant-behaviour.ts';

export interface DevicesDeltaContext extends GraphAuthorizationContext {
  readonly directory: EntraDirectory;
  readonly behaviour: BehaviourSwitches;
}

const PERMISSION: RequiredPermission = {
  anyOf: ['Device.Read.All', 'Device.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  service: 'directory',
};

/**
 * Copies a delta query over directory objects: all objects over pages joined by nextLinks, then a deltaLink that gives
 * the changes since; `$deltatoken=latest` skips the first part. 410 with `Location` asks for a full synchronisation,
 * `syncStateNotFound` says that the token is too old. Source: Graph's delta query overview.
 */
export async function answerDevicesDelta(call: GraphCall, context: DevicesDeltaContext): Promise<void> {
  if (!(await authorizedByGraph(call, PERMISSION, context))) {
    return;
  }
  const behaviour = context.behaviour.current;
  const { directory } = context;
  const end = directory.visibleEnd(behaviour.entraLagSeconds);
  const deltaToken = option(call, '$deltatoken');
  const skipToken = option(call, '$skiptoken');
  const query = skipToken === null && (deltaToken === null || deltaToken === 'latest') ? newQuery(call) : undefined;
  if (query !== undefined) {
    if ('refusal' in query) {
      answerGraphError(call, 400, 'BadRequest', query.refusal);
    } else if (deltaToken === 'latest') {
      answerRound(call, context, [], undefined, { ...query, kind: 'state', position: end, issued: call.now.getTime() });
    } else {
      answerPlace(call, context, { ...query, kind: 'place', round: 'full', from: 0, offset: 0, end });
    }
    return;
  }

  const token = readDeltaToken(skipToken ?? deltaToken ?? '');
  if (token === undefined || token.kind !== (skipToken === null ? 'state' : 'place')) {
    answerGraphError(call, 400, 'BadRequest', 'Badly formed token.');
    return;
  }
  const position = token.kind === 'state' ? token.position : token.round === 'full' ? token.end : token.from;
  if (position < directory.oldestValid) {
    answerGraphError(call, 410, 'resyncRequired', 'Resync required. Start a full synchronization.', {
      location: `${context.graphUrl}/v1.0/devices/delta${token.select ? `?$select=${token.select.join(',')}` : ''}`,
    });
    return;
  }
  if (token.kind === 'place') {
    answerPlace(call, context, token);
    return;
  }
  if (call.now.getTime() - token.issued > behaviour.deltaTokenLifetimeSeconds * 1000) {
    answerGraphError(
      call,
      behaviour.expiredDeltaStatus,
      'syncStateNotFound',
      'The sync state generation is not found; state is too old.',
    );
    return;
  }
  const { select, ids } = token;
  const from = Math.max(directory.oldestValid, token.position - behaviour.deltaReplays);
  answerPlace(call, context, { select, ids, kind: 'place', round: 'changes', from, offset: 0, end });
}

/** The options are written in various ways by Microsoft itself: `$deltaToken`, `$deltatoken`, `$skipToken`. */
function option(call: GraphCall, name: string): string | null {
  for (const [key, value] of call.exchange.query) {
    if (key.toLowerCase() === name) {
      return value;
    }
  }
  return null;
}

function newQuery(call: GraphCall): DeltaQuery | { readonly refusal: string } {
  const select = deltaSelection(call.exchange.query.get('$select'));
  if (select !== undefined && 'unknown' in select) {
    return {
      refusal:
        'Parsing OData Select and Expand failed: ' +
        `Could not find a property named '${select.unknown}' on type 'microsoft.graph.device'.`,
    };
  }
  const filter = call.exchange.query.get('$filter');
  const ids = filter === null ? undefined : deltaFilterIds(filter);
  if (filter !== null && ids === undefined) {
    return { refusal: "Change tracking is not supported with this filter: only 'id eq' is." };
  }
  return { select, ids };
}

function answerPlace(call: GraphCall, context: DevicesDeltaContext, place: DeltaPlace): void {
  const { deltaPageSize, removedReason } = context.behaviour.current;
  const { directory } = context;
  const asked = (id: string): boolean => place.ids === undefined || place.ids.includes(id);
  const after: DeltaState = {
    select: place.select,
    ids: place.ids,
    kind: 'state',
    position: place.end,
    issued: call.now.getTime(),
  };
  if (place.round === 'full') {
    const { objects, next } = directory.page(place.from, deltaPageSize, place.end);
    const shown = objects.filter(({ id }) => asked(id)).map((object) => shownObject(object, place.select));
    answerRound(call, context, shown, next === undefined ? undefined : { ...place, from: next }, after);
    return;
  }
  const changed = latestChanges(directory.changes(place.from, place.end), place.select).filter(([id]) => asked(id));
  const value = changed
    .slice(place.offset, place.offset + deltaPageSize)
    .map(([id, object]) =>
      object === undefined ? { id, '@removed': { reason: removedReason } } : shownObject(object, place.select),
    );
  const offset = place.offset + deltaPageSize;
  answerRound(call, context, value, offset < changed.length ? { ...place, offset } : undefined, after);
}

/** One entry per object, in the order of its first change; undefined for an object that is gone. */
function latestChanges(
  changes: readonly EntraChange[],
  select: DeltaQuery['select'],
): readonly (readonly [string, EntraDevice | undefined])[] {
  const latest = new Map<string, EntraDevice | undefined>();
  for (const { objectId, before, after } of changes) {
    if (latest.has(objectId) || differs(before, after, select)) {
      latest.set(objectId, after);
    }
  }
  return [...latest];
}

function shownObject(object: EntraDevice, select: DeltaQuery['select']): Readonly<Record<string, unknown>> {
  const names = new Set<keyof EntraDevice>(['id', ...(select ?? ENTRA_DEVICE_PROPERTIES)]);
  return Object.fromEntries([...names].map((name) => [name, object[name]]));
}

function answerRound(
  call: GraphCall,
  context: DevicesDeltaContext,
  value: readonly unknown[],
  next: DeltaPlace | undefined,
  after: DeltaState,
): void {
  const { deltaDuplicates }: TenantBehaviour = context.behaviour.current;
  const root = `${context.graphUrl}/v1.0`;
  const columns = after.select === undefined ? '' : `(${after.select.join(',')})`;
  answerGraph(call, {
    '@odata.context': `${root}/$metadata#devices${columns}/$delta`,
    ...(next === undefined
      ? { '@odata.deltaLink': `${root}/devices/delta?$deltatoken=${writeDeltaToken(after)}` }
      : { '@odata.nextLink': `${root}/devices/delta?$skiptoken=${writeDeltaToken(next)}` }),
    value: deltaDuplicates ? [...value, ...value] : value,
  });
}
