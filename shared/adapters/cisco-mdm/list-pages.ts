// Reads the lists of an MDM server page by page: the noncompliant devices, or all of them.

import { type Instant, toInstant } from '../../domain/instant.ts';
import { SourceError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { MdmClient } from './mdm-client.ts';
import type { Question } from './questions.ts';
import type { DeviceAnswer } from './read-devices.ts';

export interface MdmPage {
  readonly requestedAt: Instant;
  readonly answer: DeviceAnswer;
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/** With pages of one hundred a fleet of a million. */
const MOST_PAGES = 10_000;
const LONGEST_PAGING = 100;
/** Which list of several, which page of it, and the server's own place. */
const CURSOR = /^(\d)\.(\d{1,5})\.(.{1,100})$/s;

export function listNoncompliant(client: MdmClient, clock: Pick<Clock, 'now'>, cursor?: string): Promise<MdmPage> {
  return readPage(client, clock, [{ kind: 'by-verdict', compliant: false }], cursor);
}

/**
 * Version 3 has no question for every device, only those by verdict. A device that turns between the two lists is in
 * both or in none, and the next sweep sets it right.
 */
export async function listAll(client: MdmClient, clock: Pick<Clock, 'now'>, cursor?: string): Promise<MdmPage> {
  const { version } = await client.information();
  const byVerdict: readonly Question[] = [
    { kind: 'by-verdict', compliant: false },
    { kind: 'by-verdict', compliant: true },
  ];
  return readPage(client, clock, version >= 3 ? byVerdict : [{ kind: 'every-device' }], cursor);
}

/** @throws SourceError NAC_SOURCE_PAGE_LOOP when pages come without end */
async function readPage(
  client: MdmClient,
  clock: Pick<Clock, 'now'>,
  lists: readonly Question[],
  cursor = '0.1.0',
): Promise<MdmPage> {
  const [, list = '', page = '', paging = ''] = CURSOR.exec(cursor) ?? [];
  const question = lists[Number(list)];
  // A place of another version: the server was upgraded in the middle.
  if (list === '' || question === undefined) throw lost();
  const requestedAt = toInstant(clock.now());
  const answer = await client.ask(question, paging);
  const nextCursor = placeBehind({ list: Number(list), page: Number(page), paging }, answer.nextPaging, lists.length);
  return { requestedAt, answer, ...(nextCursor !== undefined && { nextCursor }) };
}

function placeBehind(
  { list, page, paging }: { readonly list: number; readonly page: number; readonly paging: string },
  next: string | undefined,
  lists: number,
): string | undefined {
  if (next === undefined) return list + 1 < lists ? `${list + 1}.1.0` : undefined;
  if (next === paging || next.length > LONGEST_PAGING || page >= MOST_PAGES) throw endless();
  return `${list}.${page + 1}.${next}`;
}

function endless(): SourceError {
  return new SourceError('NAC_SOURCE_PAGE_LOOP', 'Pages of the MDM server’s list lead to themselves, or never end.', {
    action: 'The list is asked for again by itself.',
    field: 'paging_info',
  });
}

function lost(): SourceError {
  return new SourceError('NAC_SOURCE_PAGE', 'The place in the MDM server’s list is not known any more.', {
    action: 'The list is asked for again by itself, from its first page.',
    field: 'paging_info',
  });
}
