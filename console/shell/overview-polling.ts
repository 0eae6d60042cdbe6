// The one request that an open page repeats: the overview, from which badges, banner and the first page come.

import { signal } from '@preact/signals';
import type { Overview } from '../api/answers.ts';
import { type ApiError, toApiError } from '../api/api-error.ts';
import { getJson } from '../api/client.ts';
import { usePolling } from './polling.ts';

export const overview = signal<Overview | undefined>(undefined);
/** Why the newest question came to nothing; absent after an answer. */
export const overviewError = signal<ApiError | undefined>(undefined);
/** When the overview in view came. */
export const overviewAt = signal<Date | undefined>(undefined);

/** Asks at once, as after a change. */
export async function readOverview(): Promise<void> {
  try {
    overview.value = await getJson<Overview>('/api/overview');
    overviewAt.value = new Date();
    overviewError.value = undefined;
  } catch (thrown) {
    overviewError.value = toApiError(thrown);
  }
}

export function useOverviewPolling(): void {
  usePolling(readOverview);
}
