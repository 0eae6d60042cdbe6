/** `GET /v1.0/deviceManagement/managedDevices` with its pages, and one device by id. */
import type { Fleet } from './fleet.ts';
import { answerGraph, answerGraphError, type GraphCall, intuneMessage } from './graph-answer.ts';
import { authorizedByGraph, type GraphAuthorizationContext, type RequiredPermission } from './graph-authorization.ts';
import { listedDevice, selection, singleDevice } from './managed-device-selection.ts';

export interface ManagedDevicesContext extends GraphAuthorizationContext {
  readonly fleet: Fleet;
  /** The most devices that one page holds. */
  readonly pageSize: number;
}

const permission: RequiredPermission = {
  anyOf: ['DeviceManagementManagedDevices.Read.All', 'DeviceManagementManagedDevices.ReadWrite.All'],
  service: 'intune',
};

/**
 * Copies Graph's list: pages of at most 1000 devices joined by opaque `@odata.nextLink`s, a smaller `$top` honoured, any
 * `$filter` ignored without a word, an empty page for `$skip`.
 */
export async function answerManagedDevices(call: GraphCall, context: ManagedDevicesContext): Promise<void> {
  if (!(await authorizedByGraph(call, permission, context))) {
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
  const skipToken = query.get('$skiptoken');
  const from = skipToken === null ? 0 : placeOf(skipToken);
  if (from === undefined) {
    answerGraphError(call, 400, 'BadRequest', intuneMessage(call, 'The skip token is not valid.'));
    return;
  }

  const count = Math.min(top === null ? context.pageSize : Number(top), context.pageSize);
  const skipped = Number(query.get('$skip') ?? 0) > 0;
  const page = skipped ? { devices: [], next: undefined } : context.fleet.page(from, count);
  const columns = selected.names === undefined ? '' : `(${selected.names.join(',')})`;
  answerGraph(call, {
    '@odata.context': `${context.graphUrl}/v1.0/$metadata#deviceManagement/managedDevices${columns}`,
    '@odata.count': page.devices.length,
    ...(page.next === undefined ? {} : { '@odata.nextLink': nextLink(context.graphUrl, rawQuery, page.next) }),
    value: page.devices.map((device) => listedDevice(device, selected.names)),
  });
}

/** Copies Graph's read by id: 404 once the device is gone. */
export async function answerManagedDevice(call: GraphCall, id: string, context: ManagedDevicesContext): Promise<void> {
  if (!(await authorizedByGraph(call, permission, context))) {
    return;
  }
  const selected = selection(call.exchange.query.get('$select'));
  if ('unknown' in selected) {
    answerUnknownProperty(call, selected.unknown);
    return;
  }
  const device = context.fleet.find(id);
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
function nextLink(graphUrl: string, rawQuery: string, place: number): string {
  const kept = rawQuery.split('&').filter((part) => part !== '' && !/^(\$|%24)skiptoken=/i.test(part));
  return `${graphUrl}/v1.0/deviceManagement/managedDevices?${[...kept, `$skiptoken=${skipTokenOf(place)}`].join('&')}`;
}

function skipTokenOf(place: number): string {
  return Buffer.from(`managedDevices:${place}`).toString('base64url');
}

function placeOf(skipToken: string): number | undefined {
  const match = /^managedDevices:(\d{1,15})$/.exec(Buffer.from(skipToken, 'base64url').toString('utf8'));
  return match === null ? undefined : Number(match[1]);
}
