// The filters of the list of jobs: which of them the API answers, and which the page looks for itself.

import type { FilterNames, Filters } from '../../lists/filters-in-address.ts';
import { causeOf, type Job } from './job-words.ts';

const BY_THE_API = ['site', 'stage', 'device', 'session', 'since', 'notEnforced'] as const;
const BY_THE_PAGE = ['cause', 'nas', 'action'] as const;

/** `job` is the one that is open. */
export type JobFilter = (typeof BY_THE_API)[number] | (typeof BY_THE_PAGE)[number] | 'job';
export type JobFilters = Filters<JobFilter>;

export const JOB_FILTERS: FilterNames<JobFilter> = { open: [...BY_THE_API, ...BY_THE_PAGE, 'job'], personal: [] };

export const USUAL_SINCE = '24h';

export interface SplitJobFilters {
  /** Query of GET /api/jobs, without the page's mark and limit. */
  readonly query: Readonly<Record<string, string>>;
  readonly keep: (job: Job) => boolean;
  readonly isWholeByApi: boolean;
}

export function splitJobFilters(filters: JobFilters): SplitJobFilters {
  const query: Record<string, string> = { since: USUAL_SINCE };
  for (const name of BY_THE_API) {
    const value = filters[name];
    if (value !== undefined) query[name] = value;
  }
  const { cause, nas, action } = filters;
  const keep = (job: Job): boolean =>
    (cause === undefined || causeOf(job) === cause) &&
    (nas === undefined || nasTexts(job).some((text) => text.toLowerCase().includes(nas.toLowerCase()))) &&
    (action === undefined || job.action === action);
  return { query, keep, isWholeByApi: BY_THE_PAGE.every((name) => filters[name] === undefined) };
}

/** The access device by the name that people know, else by its address. */
export function nasOfJob(job: Job): string {
  return nasTexts(job)[0] ?? '';
}

function nasTexts({ nas: { nasIdentifier, nasIpAddress, nasIpv6Address, packetSourceIp } }: Job): string[] {
  return [nasIdentifier, nasIpAddress, nasIpv6Address, packetSourceIp].filter((text) => text !== undefined);
}
