// `GET /v1.0/deviceManagement/managedDevices` with its pages, and one device by id.

import { type DevicePredicate, devicePredicate } from './device-filter.ts';
import type { Fleet } from './fleet.ts';
import { answerGraph, answerGraphError, answerGraphText, type GraphCall, intuneMessage } from './graph-answer.ts';
import { authorizedByGraph, type GraphAuthorizationContext, type RequiredPermission } from './graph-authorization.ts';
import type { ManagedDevice } from './managed-device.ts';
import { listedDevice, selection, singleDevice } from './managed-device-selection.ts';
import type { CachedPage, PageCache } from './page-cache.ts';
import { placeOf, skipTokenOf } from './skip-token.ts';
import type { BehaviourSwitches } from './tenant-behaviour.ts';

export interface ManagedDevicesContext extends GraphAuthorizationContext {
  readonly fleet: Fleet;
  /** The most devices that one page holds. */
  readonly pageSize: number;
  readonly behaviour: BehaviourSwitches;
  readonly pages: PageCache;
}

const ONE_DAY = 24 * 3_600_000;

const PERMISSION: RequiredPermission = {
  anyOf: ['DeviceManagementManagedDevices.Read.All', 'DeviceManagementManagedDevices.ReadWrite.All'],
  service: 'intune',
};

/**
 * Copies Graph's list: pages of at most 1000 devices joined by opaque `@odata.nextLink`s, a smaller `$top` honoured, a
 * `$filter` that is not documented ignored without a word, an empty page for `$skip`.
 */
export async function answerManagedDevices(call: GraphCall, context: ManagedDevicesContext): Promise<void> {
  if (!(await authorizedByGraph(call, PERMISSION, context))) {
    return;
  }
  const { query, rawQuery } = call.exchange;
  const selected = selection(query.get('$select'));
  if ('unknown' in selected) {
    answerUnknownProperty(call, selected.unknown);
    return;
  }
  const top = query.get('$top');
  if (top !== null && !/^[1-9]\d{0,8}$/.test(top)) {
    answerGraphError(call, 400, 'BadRequest', `Invalid value '${top}' for $top query option found.`);
    return;
  }
  const behaviour = context.behaviour.current;
  const filter = query.get('$filter');
  const predicate = filter === null ? undefined : devicePredicate(filter);
  if (filter !== null && predicate === undefined && behaviour.unsupportedFilter === 'refused') {
    answerGraphError(call, 400, 'BadRequest', intuneMessage(call, 'Invalid filter clause'));
    return;
  }
  const skipToken = query.get('$skiptoken');
  const start = placeOf(skipToken, call.now, behaviour.nextLinkLifetimeSeconds);
  if (start === undefined) {
    answerGraphError(call, 400, 'BadRequest', intuneMessage(call, 'The skip token is not valid or has expired.'));
    return;
  }

  const count = Math.min(top === null ? context.pageSize : Number(top), context.pageSize);
  const skipped = Number(query.get('$skip') ?? 0) > 0;
  const honoured = behaviour.supportedFilter === 'honoured' ? predicate : undefined;
  const active = activeSince(call.now, behaviour.hiddenAfterInactiveDays);
  const read = (): CachedPage => {
    const { devices, next } = context.fleet.page(start.from, count, both(honoured, active));
    const shown = devices.map((device) => listedDevice(device, selected.names, behaviour.listsFillKeptBack));
    return { json: JSON.stringify(shown), count: devices.length, next };
  };
  const key = JSON.stringify([
    start.from,
    count,
    honoured === undefined ? '' : filter,
    selected.names ?? '',
    behaviour.listsFillKeptBack,
  ]);
  const page = skipped
    ? { json: '[]', count: 0, next: undefined }
    : active === undefined
      ? context.pages.page(key, context.fleet.version, read)
      : read();
  const next =
    start.page === behaviour.repeatedNextLinkPage
      ? (skipToken ?? skipTokenOf(start, call.now))
      : page.next === undefined || start.page === behaviour.listEndsAfterPages
        ? undefined
        : skipTokenOf({ from: page.next, page: start.page + 1 }, call.now);
  const columns = selected.names === undefined ? '' : `(${selected.names.join(',')})`;
  const envelope = {
    '@odata.context': `${context.graphUrl}/v1.0/$metadata#deviceManagement/managedDevices${columns}`,
    '@odata.count': page.count,
    ...(next === undefined ? {} : { '@odata.nextLink': nextLink(context.graphUrl, rawQuery, next) }),
  };
  answerGraphText(call, `${JSON.stringify(envelope).slice(0, -1)},"value":${page.json}}`);
}

function activeSince(now: Date, days: number | null): DevicePredicate | undefined {
  if (days === null) {
    return undefined;
  }
  const oldest = now.getTime() - days * ONE_DAY;
  return ({ lastSyncDateTime }) => Date.parse(lastSyncDateTime) >= oldest;
}

function both(first: DevicePredicate | undefined, second: DevicePredicate | undefined): DevicePredicate | undefined {
  return first === undefined || second === undefined ? (first ?? second) : (device) => first(device) && second(device);
}

/** Copies Graph's read by id: 404 once the device is gone. */
export async function answerManagedDevice(call: GraphCall, id: string, context: ManagedDevicesContext): Promise<void> {
  if (!(await authorizedByGraph(call, PERMISSION, context))) {
    return;
  }
  const selected = selection(call.exchange.query.get('$select'));
  if ('unknown' in selected) {
    answerUnknownProperty(call, selected.unknown);
    return;
  }
  const device = visible(context.fleet.find(id), call.now, context.behaviour.current.hiddenAfterInactiveDays);
  if (device === undefined) {
    answerGraphError(call, 404, 'ResourceNotFound', intuneMessage(call, 'An error has occurred'));
    return;
  }
  const columns = selected.names === undefined ? '' : `(${selected.names.join(',')})`;
  answerGraph(call, {
    '@odata.context': `${context.graphUrl}/v1.0/$metadata#deviceManagement/managedDevices${columns}/$entity`,
    ...singleDevice(device, selected.names),
  });
}

function visible(device: ManagedDevice | undefined, now: Date, days: number | null): ManagedDevice | undefined {
  return device === undefined || activeSince(now, days)?.(device) === false ? undefined : device;
}

function answerUnknownProperty(call: GraphCall, name: string): void {
  answerGraphError(
    call,
    400,
    'BadRequest',
    'Parsing OData Select and Expand failed: ' +
      `Could not find a property named '${name}' on type 'microsoft.graph.managedDevice'.`,
  );
}

/** The request's own query stays as it was sent; only the place to go on from is replaced. */
function nextLink(graphUrl: string, rawQuery: string, skipToken: string): string {
  const kept = rawQuery.split('&').filter((part) => part !== '' && !/^(\$|%24)skiptoken=/i.test(part));
  const query = [...kept, `$skiptoken=${skipToken}`].join('&');
  return `${graphUrl}/v1.0/deviceManagement/managedDevices?${query}`;
}
