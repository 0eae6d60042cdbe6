// Refuses jobs whose times lie too far ahead: the cloud makes none of them, and a job that lasts could be kept and sent
// later.

import type { CoaJob } from '../shared/domain/coa-job.ts';

/** The cloud gives a job an hour; a day leaves room for clocks of any kind. */
export const LONGEST_LIFE_MS = 24 * 60 * 60_000;
/** What clocks may differ by before a job is refused. */
export const CLOCK_ROOM_MS = 60 * 60_000;

/** What is wrong with the times of the job, as sentences that say what to do; `undefined` where nothing is. */
export function jobTimeFault({ decidedAt, expiresAt }: Pick<CoaJob, 'decidedAt' | 'expiresAt'>, now: Date) {
  const faults = [
    Date.parse(expiresAt) - now.getTime() > LONGEST_LIFE_MS ? `expiresAt ${expiresAt} is more than a day ahead.` : '',
    Date.parse(decidedAt) - now.getTime() > CLOCK_ROOM_MS ? `decidedAt ${decidedAt} is more than an hour ahead.` : '',
  ].filter((fault) => fault !== '');
  if (faults.length === 0) return undefined;
  return `${faults.join(' ')} Here it is ${now.toISOString()}: let the relay take its time from NTP; if its clock is right, look who else sends to the site's queue.`;
}
