// What Graph answers of the directory beside `devices/delta`: devices with their owners, single devices, users, groups
// and their members, and the delta queries of users and groups.

import type { AppRegistration } from './app-registration.ts';
import type { DirectoryPeople, PeopleChange } from './directory-people.ts';
import type { EntraDevice } from './entra-device.ts';
import type { EntraDirectory } from './entra-directory.ts';
import { answerGraph, answerGraphError, type GraphCall } from './graph-answer.ts';
import { authorizedByGraph, type GraphAuthorizationContext } from './graph-authorization.ts';
import type { BehaviourSwitches } from './tenant-behaviour.ts';

export interface DirectoryContext extends GraphAuthorizationContext {
  readonly directory: EntraDirectory;
  readonly people: DirectoryPeople;
  readonly behaviour: BehaviourSwitches;
  readonly registration: AppRegistration;
}

/** Graph's largest page of directory objects, and its usual one. */
const LARGEST_PAGE = 999;
const USUAL_PAGE = 100;
const ALL = 'Directory.Read.All';
const READS = {
  devices: { anyOf: ['Device.Read.All', ALL], service: 'directory' },
  users: { anyOf: ['User.Read.All', ALL], service: 'directory' },
  groups: { anyOf: ['GroupMember.Read.All', 'Group.Read.All', ALL], service: 'directory' },
} as const;

/** Answers what it knows. @returns undefined for another path */
export function directoryAnswer(path: string, context: DirectoryContext) {
  const route = ROUTES.find(({ pattern }) => pattern.test(path));
  if (route === undefined) return undefined;
  const id = (route.pattern.exec(path)?.[1] ?? '').toLowerCase();
  return {
    kind: route.kind,
    method: route.method,
    answer: async (call: GraphCall): Promise<void> => {
      if (await authorizedByGraph(call, READS[route.needs], context)) await route.answer(call, context, id);
    },
  };
}

interface DirectoryRoute {
  readonly kind: 'devices' | 'directoryDevice' | 'people';
  readonly pattern: RegExp;
  readonly method: 'GET' | 'POST';
  readonly needs: keyof typeof READS;
  answer(call: GraphCall, context: DirectoryContext, id: string): void | Promise<void>;
}

const ROUTES: readonly DirectoryRoute[] = [
  { kind: 'devices', pattern: /^\/v1\.0\/devices\/?$/i, method: 'GET', needs: 'devices', answer: answerDevices },
  {
    kind: 'people',
    pattern: /^\/v1\.0\/users\/(?:microsoft\.graph\.)?delta(?:\(\))?$/i,
    method: 'GET',
    needs: 'users',
    answer: (call, context) => answerPeopleDelta(call, context, 'users'),
  },
  {
    kind: 'people',
    pattern: /^\/v1\.0\/groups\/(?:microsoft\.graph\.)?delta(?:\(\))?$/i,
    method: 'GET',
    needs: 'groups',
    answer: (call, context) => answerPeopleDelta(call, context, 'groups'),
  },
  { kind: 'people', pattern: /^\/v1\.0\/users\/?$/i, method: 'GET', needs: 'users', answer: answerUsers },
  {
    kind: 'people',
    pattern: /^\/v1\.0\/users\/([^/]+)\/registeredDevices$/i,
    method: 'GET',
    needs: 'users',
    answer(call, { people }, id) {
      if (people.isDeleted(id)) notFound(call, id);
      else answerGraph(call, { value: people.devicesOf(id).map((device) => ({ ...typed('device'), id: device })) });
    },
  },
  {
    kind: 'people',
    pattern: /^\/v1\.0\/groups\/([^/]+)\/transitiveMembers$/i,
    method: 'GET',
    needs: 'groups',
    answer: answerMembers,
  },
  {
    kind: 'people',
    pattern: /^\/v1\.0\/directoryObjects\/([^/]+)\/checkMemberGroups$/i,
    method: 'POST',
    needs: 'groups',
    answer: answerMemberships,
  },
  {
    kind: 'directoryDevice',
    pattern: /^\/v1\.0\/devices\/([^/]+)$/i,
    method: 'GET',
    needs: 'devices',
    answer(call, context, id) {
      const device = context.directory.find(id);
      if (device === undefined) notFound(call, id);
      else answerGraph(call, shown(call, context, device));
    },
  },
];

function answerDevices(call: GraphCall, context: DirectoryContext): void {
  const place = placeIn(call);
  const end = context.directory.visibleEnd(context.behaviour.current.entraLagSeconds);
  const { objects, next } = context.directory.page(place, pageSize(call), end);
  answerGraph(call, {
    ...(next !== undefined && { '@odata.nextLink': onward(call, context, next) }),
    value: objects.map((device) => shown(call, context, device)),
  });
}

/** With the properties that `$select` names, and owners where `$expand` asks for them. */
function shown(call: GraphCall, { people, registration }: DirectoryContext, device: EntraDevice) {
  const select = call.exchange.query.get('$select')?.split(',') ?? Object.keys(device);
  const properties = Object.fromEntries(
    select.map((name) => [name, (device as unknown as Record<string, unknown>)[name] ?? null]),
  );
  if (!call.exchange.query.get('$expand')?.startsWith('registeredOwners')) return properties;
  const owner = people.ownerOf(device.deviceId);
  // Without the permission to read users Graph shows that there is one, and nothing of it.
  const isShown = READS.users.anyOf.some((role) => registration.roles.graph.includes(role));
  const seen = isShown ? owner : owner && { id: owner.id, userPrincipalName: null, accountEnabled: null };
  return { ...properties, registeredOwners: seen === undefined ? [] : [{ ...typed('user'), ...seen }] };
}

function answerUsers(call: GraphCall, { directory, people }: DirectoryContext): void {
  const { objects } = directory.page(0, pageSize(call), directory.visibleEnd(0));
  answerGraph(call, { value: objects.flatMap(({ deviceId }) => people.ownerOf(deviceId) ?? []) });
}

function answerMembers(call: GraphCall, context: DirectoryContext, group: string): void {
  const { people } = context;
  if (!people.hasGroup(group)) {
    notFound(call, group);
    return;
  }
  const [place, size] = [placeIn(call), pageSize(call)];
  const members = people.transitiveMembers(group);
  answerGraph(call, {
    ...(place + size < members.length && { '@odata.nextLink': onward(call, context, place + size) }),
    value: members.slice(place, place + size).map(({ id, type }) => ({ ...typed(type), id })),
  });
}

async function answerMemberships(call: GraphCall, { people }: DirectoryContext, id: string): Promise<void> {
  const { groupIds } = JSON.parse(await call.exchange.body()) as { readonly groupIds?: readonly string[] };
  if (groupIds === undefined || groupIds.length > 20) {
    answerGraphError(call, 400, 'Request_BadRequest', 'groupIds holds up to 20 ids.');
    return;
  }
  const isIn = (group: string): boolean => people.transitiveMembers(group).some((member) => member.id === id);
  answerGraph(call, { value: groupIds.filter(isIn) });
}

/** Tokens say from where on, and when they were issued; their path distinguishes users and groups. */
function answerPeopleDelta(call: GraphCall, context: DirectoryContext, of: 'users' | 'groups'): void {
  const { people, behaviour, graphUrl } = context;
  const { deltaTokenLifetimeSeconds, expiredDeltaStatus, deltaDuplicates, deltaReplays } = behaviour.current;
  const token = call.exchange.query.get('$deltatoken') ?? 'latest';
  const [position, issued] = token === 'latest' ? [people.end, call.now.getTime()] : token.split('.').map(Number);
  if (call.now.getTime() - Number(issued) > deltaTokenLifetimeSeconds * 1000) {
    const message = 'The sync state generation is not found; state is too old.';
    answerGraphError(call, expiredDeltaStatus, 'syncStateNotFound', message);
    return;
  }
  const from = token === 'latest' ? people.end : Math.max(0, Number(position) - deltaReplays);
  const changed = people.changes(from).filter(({ kind }) => `${kind}s` === of);
  const value = changed.map((change) => shownChange(change, people));
  answerGraph(call, {
    '@odata.deltaLink': `${graphUrl}/v1.0/${of}/delta?$deltatoken=${people.end}.${call.now.getTime()}`,
    value: deltaDuplicates ? [...value, ...value] : value,
  });
}

function shownChange(change: PeopleChange, people: DirectoryPeople): Readonly<Record<string, unknown>> {
  if (change.kind === 'group') {
    const { member, removed } = change;
    const removal = removed ? { '@removed': { reason: 'deleted' } } : {};
    return { id: change.id, 'members@delta': [{ ...typed(member.type), id: member.id, ...removal }] };
  }
  if (people.isDeleted(change.id)) return { id: change.id, '@removed': { reason: 'changed' } };
  return { id: change.id, accountEnabled: people.isEnabled(change.id) };
}

function typed(type: string): { readonly '@odata.type': string } {
  return { '@odata.type': `#microsoft.graph.${type}` };
}

function notFound(call: GraphCall, id: string): void {
  answerGraphError(call, 404, 'Request_ResourceNotFound', `Resource '${id.slice(0, 80)}' does not exist.`);
}

function pageSize(call: GraphCall): number {
  return Math.min(Number(call.exchange.query.get('$top') ?? USUAL_PAGE) || USUAL_PAGE, LARGEST_PAGE);
}

function placeIn(call: GraphCall): number {
  return Number(call.exchange.query.get('$skiptoken') ?? 0) || 0;
}

/** The question again, with the place where the next page begins. */
function onward(call: GraphCall, { graphUrl }: DirectoryContext, place: number): string {
  const query = new URLSearchParams(call.exchange.query);
  query.set('$skiptoken', String(place));
  return `${graphUrl}${call.exchange.path}?${query}`;
}
