// Who is in the groups that policy may ask for: read whole before each list of devices, some pages at a time, and kept
// in memory as one number per member. What another process read is not known here, and is read once more.

import { groupTokens } from '../../domain/device/group-memberships.ts';
import { type Instant, toInstant } from '../../domain/instant.ts';
import { SourceError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GraphClient } from '../graph/graph-client.ts';
import { asRecord, readGuid, readODataPage } from '../graph/odata-page.ts';

export const GROUPS_PERMISSION = 'GroupMember.Read.All';

/** Graph's largest page of directory objects. */
const PAGE_SIZE = 999;
/** Of one call of the list, which has a deadline. */
const PAGES_AT_ONCE = 8;
/** Of one group: a group that is larger is not known. Pages that lead in a circle end here, too. */
const MOST_PAGES = 200;
/** Of all groups: half a million members are some eighty megabytes. */
const MOST_PAGES_IN_ALL = 500;
/** A list of devices that takes longer asks again. */
const MAX_AGE_MS = 30 * 60_000;

export interface KnownMembers {
  /** Start of the first request: what is said of groups is no younger. */
  readonly readAt: Instant;
  /** As {@link groupTokens} writes it, of a device and its owners. */
  tokensOf(objectIds: readonly string[]): string | undefined;
}

export interface GroupMembers {
  /** Absent until all were read lately. */
  known(): KnownMembers | undefined;
  /** Whether the last time the group could not be read, or was too large. */
  isUnread(group: string): boolean;
  /** Forgets what was read. */
  startAgain(): void;
  /** Reads some pages more; nothing where all are known. @throws SourceError; what was read by then stays */
  readOn(): Promise<void>;
}

interface Reading {
  readonly readAt: Instant;
  /** A bit for each group, by object id. */
  readonly members: Map<string, number>;
  readonly unknown: Set<number>;
  /** Read so far, of all groups. */
  pages: number;
  /** Links that are still to be followed, by group. */
  readonly links: { readonly group: number; readonly link: string; readonly pages: number }[];
}

export function createGroupMembers(
  graph: GraphClient,
  groups: readonly string[],
  clock: Pick<Clock, 'now'>,
): GroupMembers {
  const { origin } = new URL(graph.endpoint);
  let reading: Reading | undefined;
  let unread: ReadonlySet<number> = new Set();

  async function begin(): Promise<Reading> {
    const begun: Reading = {
      readAt: toInstant(clock.now()),
      members: new Map(),
      unknown: new Set(),
      links: [],
      pages: 0,
    };
    const paths = groups.map((group) => `/groups/${group}/transitiveMembers?$select=id&$top=${PAGE_SIZE}`);
    const answers = await graph.getBatch(paths, GROUPS_PERMISSION);
    for (const [group, answer] of answers.entries()) {
      // A group that is not there has no members.
      if (answer === undefined) continue;
      if (answer instanceof SourceError) {
        if (answer.code !== 'NAC_SOURCE_FORBIDDEN') throw answer;
        begun.unknown.add(group);
      } else note(begun, group, answer.body, { pages: 1 });
    }
    return begun;
  }

  function note(into: Reading, group: number, body: unknown, { from, pages }: { from?: string; pages: number }): void {
    const { records, nextLink } = readODataPage(body, { of: 'members of a group', origin, from });
    into.pages += 1;
    for (const record of records) {
      const id = readGuid(asRecord(record)['id']);
      if (id !== undefined) into.members.set(id, (into.members.get(id) ?? 0) | (1 << group));
    }
    if (nextLink === undefined) return;
    if (pages < MOST_PAGES && into.pages + into.links.length < MOST_PAGES_IN_ALL)
      into.links.push({ group, link: nextLink, pages: pages + 1 });
    else into.unknown.add(group);
  }

  function isOld({ readAt }: Reading): boolean {
    return clock.now().getTime() - Date.parse(readAt) > MAX_AGE_MS;
  }

  return {
    known() {
      if (reading === undefined || reading.links.length > 0 || isOld(reading)) return undefined;
      const { readAt, members, unknown } = reading;
      return {
        readAt,
        tokensOf(objectIds) {
          const bits = objectIds.reduce((sum, id) => sum | (members.get(id) ?? 0), 0);
          const isMember = (group: string): boolean | undefined => {
            const index = groups.indexOf(group);
            if ((bits & (1 << index)) !== 0) return true;
            return unknown.has(index) ? undefined : false;
          };
          return groupTokens(groups, isMember);
        },
      };
    },
    isUnread: (group) => unread.has(groups.indexOf(group)),
    startAgain() {
      reading = undefined;
    },
    async readOn() {
      if (reading !== undefined && isOld(reading)) reading = undefined;
      reading ??= await begin();
      const { links } = reading;
      for (let pages = 0; pages < PAGES_AT_ONCE && links[0] !== undefined; pages++) {
        const { group, link, pages: number } = links[0];
        const body = await graph.getJson(link, GROUPS_PERMISSION);
        links.shift();
        note(reading, group, body, { from: link, pages: number });
      }
      if (links.length === 0) unread = new Set(reading.unknown);
    },
  };
}
