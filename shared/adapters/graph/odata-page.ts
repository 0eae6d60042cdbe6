// A page of a list or of a delta query, as Microsoft Graph writes it: the records, and links onward that lead to Graph
// itself and nowhere else.

import { SourceError } from '../../errors.ts';

export interface ODataPage {
  readonly records: readonly unknown[];
  /** More pages follow now. */
  readonly nextLink?: string;
  /** Of a delta query: where to go on next time. */
  readonly deltaLink?: string;
}

export interface ExpectedPage {
  /** What the list is of, for people: `device changes`. */
  readonly of: string;
  /** Of Graph: the token goes nowhere else. */
  readonly origin: string;
  /** The link that led to this page. */
  readonly from?: string | undefined;
}

/** @throws SourceError NAC_SOURCE_PAGE for a page without a list, and a link elsewhere or back to the page itself */
export function readODataPage(body: unknown, expected: ExpectedPage): ODataPage {
  const page = asRecord(body);
  const records = page['value'];
  if (!Array.isArray(records)) throw malformedPage(expected.of, 'value', 'is not a list');
  const nextLink = readLink(page, '@odata.nextLink', expected);
  const deltaLink = readLink(page, '@odata.deltaLink', expected);
  if (nextLink !== undefined && nextLink === expected.from)
    throw malformedPage(expected.of, '@odata.nextLink', 'leads back to itself');
  return { records, ...(nextLink !== undefined && { nextLink }), ...(deltaLink !== undefined && { deltaLink }) };
}

/** The same of a delta query: without either link there is no way on, and later changes would be missed in silence. */
export function readDeltaPage(body: unknown, expected: ExpectedPage): ODataPage {
  const page = readODataPage(body, expected);
  if (page.nextLink === undefined && page.deltaLink === undefined)
    throw malformedPage(expected.of, '@odata.deltaLink', 'is missing');
  return page;
}

function readLink(page: Record<string, unknown>, field: string, { of, origin }: ExpectedPage): string | undefined {
  const link = page[field];
  if (link === undefined || link === null) return undefined;
  if (typeof link !== 'string') throw malformedPage(of, field, 'is not text');
  if (!URL.canParse(link) || new URL(link).origin !== origin) throw malformedPage(of, field, 'leads elsewhere');
  return link;
}

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** In lower case; `undefined` for anything else. */
export function readGuid(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return GUID.test(text) ? text : undefined;
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `{"reason": "changed"}` stands for an object that may come back, `"deleted"` for one that will not. */
export function isRemoved(record: Record<string, unknown>): boolean {
  return typeof record['@removed'] === 'object' && record['@removed'] !== null;
}

export function malformedPage(of: string, field: string, problem: string): SourceError {
  return new SourceError('NAC_SOURCE_PAGE', `A page of ${of} is malformed: ${field} ${problem}.`, {
    action: 'It is asked for again by itself; check for a proxy that changes answers if it goes on.',
    field,
  });
}
