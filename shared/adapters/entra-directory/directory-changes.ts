// What changed in the directory since last time, by delta queries one after the other: devices, then users, then groups
// (Graph, "Use delta query"). A change of a user or of a group is one of the devices that the user owns. All of it is a
// hint: each device is read again, and what no hint names the next whole list finds.
//
// One text stands for how far each of them is; the flow keeps it as it would keep a single link.

import { toInstant } from '../../domain/instant.ts';
import { SourceError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DirectoryChanges } from '../../ports/directory-changes.ts';
import type { GraphClient } from '../graph/graph-client.ts';
import { type ODataPage, readDeltaPage } from '../graph/odata-page.ts';
import { type DeltaFeed, deviceFeed, type FoundChanges, groupFeed, userFeed } from './delta-feeds.ts';

/** Pages of one round: more than any directory changes in a week, and the end of links that lead in a circle. */
const MOST_PAGES = 2_000;

interface Progress {
  /** Which of the delta queries is read now. */
  readonly at: number;
  readonly pages: number;
  /** Next or delta link of each, by name. */
  readonly links: Readonly<Record<string, string>>;
}

const START: Progress = { at: 0, pages: 0, links: {} };

interface FeedPage {
  readonly page: ODataPage;
  readonly found: FoundChanges;
}

export interface ChangesOptions {
  readonly users: boolean;
  readonly groups: readonly string[];
}

export function createDirectoryChanges(
  graph: GraphClient,
  clock: Pick<Clock, 'now'>,
  { users, groups }: ChangesOptions,
): DirectoryChanges {
  const { origin } = new URL(graph.endpoint);
  const feeds: readonly DeltaFeed[] = [
    deviceFeed(),
    ...(users ? [userFeed(graph)] : []),
    ...(groups.length > 0 ? [groupFeed(graph, groups)] : []),
  ];

  async function readFeed(feed: DeltaFeed, link: string | undefined): Promise<FeedPage> {
    const from = link ?? `${graph.endpoint}/v1.0${feed.fromNowOn}`;
    const page = readDeltaPage(await graph.getJson(from, feed.permission), { of: feed.of, origin, from: link });
    return { page, found: await feed.devicesOf(page.records) };
  }

  return {
    async read(text) {
      const requestedAt = toInstant(clock.now());
      const progress = readProgress(text);
      const { at, pages, links } = progress;
      const feed = feeds[at] ?? deviceFeed();
      if (pages >= MOST_PAGES) throw endlessRound();
      const { page, found } = await readFeed(feed, links[feed.name]).catch((thrown: unknown): FeedPage => {
        if (!mayBeLeftOut(thrown, at)) throw thrown;
        return { page: { records: [] }, found: { changes: [] } };
      });
      const { [feed.name]: _, ...others } = links;
      const link = page.nextLink ?? page.deltaLink;
      const after = link === undefined ? others : { ...others, [feed.name]: link };
      if (page.nextLink !== undefined)
        return { requestedAt, ...found, nextLink: write({ at, pages: pages + 1, links: after }) };
      const next = at + 1;
      return next < feeds.length
        ? { requestedAt, ...found, nextLink: write({ at: next, pages: 0, links: after }) }
        : { requestedAt, ...found, deltaLink: write({ at: 0, pages: 0, links: after }) };
    },
  };
}

/** A permission that is missing for users or groups must not hide what changes of devices. The doctor names it. */
function mayBeLeftOut(thrown: unknown, at: number): boolean {
  return at > 0 && thrown instanceof SourceError && thrown.code === 'NAC_SOURCE_FORBIDDEN';
}

function write(progress: Progress): string {
  return JSON.stringify(progress);
}

/** Begins again with what an earlier version has left, or another set of feeds. */
function readProgress(text: string | undefined): Progress {
  if (text === undefined || text === '') return START;
  try {
    const { at, pages, links } = JSON.parse(text) as Partial<Progress>;
    const isWhole = Number.isInteger(at) && Number.isInteger(pages) && typeof links === 'object' && links !== null;
    return isWhole ? ({ at, pages, links } as Progress) : START;
  } catch {
    return START;
  }
}

function endlessRound(): SourceError {
  return new SourceError('NAC_SOURCE_DELTA_EXPIRED', 'The pages of changes do not end.', {
    action: 'Nothing to do: everything is read once, then changes are followed again.',
  });
}
