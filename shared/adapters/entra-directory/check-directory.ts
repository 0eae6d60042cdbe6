// What the doctor asks of a directory: the first page of devices, and users and groups where they count.

import { SourceError } from '../../errors.ts';
import type { Check } from '../../ports/check.ts';
import type { GraphClient } from '../graph/graph-client.ts';
import { readODataPage } from '../graph/odata-page.ts';
import { USERS_PERMISSION } from './delta-feeds.ts';
import { DEVICES_PERMISSION } from './device-list.ts';
import { GROUPS_PERMISSION } from './group-members.ts';
import type { DirectoryWishes } from './open-entra-source.ts';

/** @param name of the source */
export function directoryChecks(name: string, graph: GraphClient, { users, groups }: DirectoryWishes): Check[] {
  const { origin } = new URL(graph.endpoint);
  const read = async (path: string, permission: string, of: string): Promise<number> =>
    readODataPage(await graph.getJson(`${graph.endpoint}/v1.0${path}`, permission), { of, origin }).records.length;
  const devices: Check = {
    name: `devices-${name}`,
    title: `Device records of the directory (${name})`,
    async run() {
      const found = await read('/devices?$select=id,isCompliant&$top=5', DEVICES_PERMISSION, 'devices');
      return { status: 'ok', saw: `Microsoft Graph shows device records: ${found} on a page of five.` };
    },
  };
  const people: Check = {
    name: `users-${name}`,
    title: `Accounts of users (${name})`,
    needs: [devices.name],
    async run() {
      await read('/users?$select=id,accountEnabled&$top=1', USERS_PERMISSION, 'users');
      return { status: 'ok', saw: 'Microsoft Graph shows whether accounts are enabled.' };
    },
  };
  const members: Check = {
    name: `groups-${name}`,
    title: `Members of groups (${name})`,
    needs: [devices.name],
    async run() {
      const paths = groups.map((group) => `/groups/${group}/transitiveMembers?$select=id&$top=1`);
      const answers = await graph.getBatch(paths, GROUPS_PERMISSION);
      const refused = answers.find((answer) => answer instanceof SourceError);
      if (refused !== undefined) throw refused;
      const missing = groups.filter((_, index) => answers[index] === undefined);
      if (missing.length === 0) return { status: 'ok', saw: `All ${groups.length} groups can be read.` };
      return {
        status: 'warn',
        saw: `There is no group ${missing.join(', ')}.`,
        means: 'No device and no user counts as a member of it.',
        action: 'Correct its object id in sources.yaml, or take it out.',
      };
    },
  };
  return [devices, ...(users ? [people] : []), ...(groups.length > 0 ? [members] : [])];
}
