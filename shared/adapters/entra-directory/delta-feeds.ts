// The delta queries that are followed, and which devices a record of each of them is about.

import { SourceError } from '../../errors.ts';
import type { DirectoryChange } from '../../ports/directory-changes.ts';
import { type GraphClient, LARGEST_BATCH } from '../graph/graph-client.ts';
import { asRecord, isRemoved, readGuid } from '../graph/odata-page.ts';
import { DEVICES_PERMISSION } from './device-list.ts';
import { GROUPS_PERMISSION } from './group-members.ts';

export const USERS_PERMISSION = 'User.Read.All';

export interface DeltaFeed {
  readonly name: 'devices' | 'users' | 'groups';
  /** For people. */
  readonly of: string;
  readonly permission: string;
  /** Below the version: `latest` begins now, without the list of everything there is. */
  readonly fromNowOn: string;
  /** @throws SourceError */
  devicesOf(records: readonly unknown[]): Promise<FoundChanges>;
}

export interface FoundChanges {
  readonly changes: readonly DirectoryChange[];
  readonly incomplete?: true;
}

/** Users of one page whose devices are asked for; with more of them the whole list is read. */
const MOST_USERS = 200;

/** Only what access rests on: a sign-in moves other properties of a device every few days. */
export function deviceFeed(): DeltaFeed {
  return {
    name: 'devices',
    of: 'device changes',
    permission: DEVICES_PERMISSION,
    fromNowOn: '/devices/delta?$select=id,deviceId,accountEnabled,isCompliant,isManaged&$deltatoken=latest',
    async devicesOf(records) {
      return { changes: records.flatMap((record) => changeOf(asRecord(record))) };
    },
  };
}

function changeOf(record: Record<string, unknown>): DirectoryChange[] {
  const id = readGuid(record['id']);
  return id === undefined ? [] : [{ objectId: id, id, removed: isRemoved(record) }];
}

/** A user that was deleted owns nothing any more; the next whole list finds the devices that lost an owner. */
export function userFeed(graph: GraphClient): DeltaFeed {
  return {
    name: 'users',
    of: 'changes of users',
    permission: USERS_PERMISSION,
    fromNowOn: '/users/delta?$select=id,accountEnabled&$deltatoken=latest',
    async devicesOf(records) {
      const users = records.map(asRecord).filter((record) => !isRemoved(record));
      return ownedBy(graph, idsOf(users));
    },
  };
}

/** Direct members: who comes in by a group within the group, the next whole list finds. */
export function groupFeed(graph: GraphClient, groups: readonly string[]): DeltaFeed {
  const filter = groups.map((group) => `id eq '${group}'`).join(' or ');
  return {
    name: 'groups',
    of: 'changes of groups',
    permission: GROUPS_PERMISSION,
    fromNowOn: `/groups/delta?$select=id,members&$filter=${encodeURIComponent(filter)}&$deltatoken=latest`,
    async devicesOf(records) {
      const groupsSeen = records.map(asRecord);
      const members = groupsSeen.flatMap((group) => {
        const delta = group['members@delta'];
        return Array.isArray(delta) ? delta.map(asRecord) : [];
      });
      const isOfType = (type: string) => (member: Record<string, unknown>) =>
        member['@odata.type'] === `#microsoft.graph.${type}`;
      const devices = idsOf(members.filter(isOfType('device')));
      const { changes, incomplete } = await ownedBy(graph, idsOf(members.filter(isOfType('user'))));
      const own = devices.map((id) => ({ objectId: id, id, removed: false }));
      // A group that was deleted, or another one within it: whom that concerns is not said.
      const isWider = groupsSeen.some(isRemoved) || members.some(isOfType('group'));
      return { changes: [...own, ...changes], ...((incomplete || isWider) && { incomplete: true }) };
    },
  };
}

function idsOf(records: readonly Record<string, unknown>[]): readonly string[] {
  return [...new Set(records.flatMap((record) => readGuid(record['id']) ?? []))];
}

async function ownedBy(graph: GraphClient, users: readonly string[]): Promise<FoundChanges> {
  const changes: DirectoryChange[] = [];
  if (users.length > MOST_USERS) return { changes, incomplete: true };
  let isIncomplete = false;
  for (let start = 0; start < users.length; start += LARGEST_BATCH) {
    const paths = users.slice(start, start + LARGEST_BATCH).map((id) => `/users/${id}/registeredDevices?$select=id`);
    for (const answer of await graph.getBatch(paths, USERS_PERMISSION)) {
      if (answer === undefined) continue;
      if (answer instanceof SourceError) throw answer;
      const { value, '@odata.nextLink': more } = asRecord(answer.body);
      if (!Array.isArray(value) || typeof more === 'string') isIncomplete = true;
      if (Array.isArray(value))
        changes.push(...idsOf(value.map(asRecord)).map((id) => ({ objectId: id, id, removed: false })));
    }
  }
  return { changes, ...(isIncomplete && { incomplete: true }) };
}
