// What one search finds.

import { COMPLIANCE_STATES } from '../../domain/device/compliance-state.ts';
import { type Described, instant, list, named, object, oneOf, optional, text } from '../schema.ts';
import { COMPLETE } from './common.ts';

export const HIT_KINDS = ['device', 'session', 'decision', 'job'] as const;

/** By what a hit was found. */
export const FOUND_BY = [
  'device id',
  'Entra device id',
  'MAC address',
  'first digits of a MAC address',
  'last digits of a MAC address',
  'user',
  'device name',
  'serial number',
  'IMEI',
  'MEID',
  'UDID',
  'session id',
  'decision id',
  'job id',
] as const;

const HIT = object('Something that the text leads to', {
  kind: oneOf(HIT_KINDS, 'What it is'),
  foundBy: oneOf(FOUND_BY, 'What of it the text is'),
  path: text('Route that shows it'),
  id: text('Its id'),
  title: text('A word for people: name, address or id'),
  source: optional(text('Source of the device')),
  complianceState: optional(oneOf(COMPLIANCE_STATES, "The device's state as its source says it")),
  user: optional(text('Its user')),
  site: optional(text('Where the station is')),
  mac: optional(text('Address of the station')),
  at: optional(instant('When it was decided')),
});

export const SEARCH_RESULT = named(
  'SearchResult',
  object('What was found, the surest first', {
    q: text('What was looked for'),
    hits: list(HIT, 'At most 50'),
    complete: COMPLETE,
    cut: optional(text('What was left out, as a sentence')),
  }),
);

export type SearchResult = Described<typeof SEARCH_RESULT>;
export type SearchHit = SearchResult['hits'][number];
