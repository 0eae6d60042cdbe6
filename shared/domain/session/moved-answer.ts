// An answer at another place than it was given for: a fast roam takes it along.

import { NAS_LOCATION_FIELDS, type NasLocation } from '../nas-location.ts';
import type { Answer } from './session.ts';

const LEFT: ReadonlySet<string> = new Set([
  ...NAS_LOCATION_FIELDS.filter((field) => field !== 'nasPortType'),
  ...['acctSessionId', 'acctMultiSessionId', 'auditSessionId'],
]);

/** What the NAS that was left said of the place and of its session is not true of the next one. */
export function movedTo(place: NasLocation, answer: Answer): Answer {
  const kept = Object.entries(answer).filter(([field]) => !LEFT.has(field));
  return { ...(Object.fromEntries(kept) as unknown as Answer), ...place };
}
