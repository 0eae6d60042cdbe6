// Small counts beside the names of the pages, from the overview.

import { computed } from '@preact/signals';
import type { StatusKind } from '../components/status.tsx';
import { TEXTS } from '../texts.ts';
import { overview } from './overview-polling.ts';

export interface Badge {
  readonly kind: StatusKind;
  readonly text: string;
}

type PageName = keyof typeof TEXTS.pages;

export const badges = computed<Partial<Record<PageName, Badge>>>(() => {
  const current = overview.value;
  if (current === undefined) return {};
  const held = current.held.filter(({ run }) => run.released === undefined).length;
  const notEnforced = (current.jobs?.notEnforced ?? []).reduce((sum, { jobs }) => sum + jobs, 0);
  return {
    ...(held > 0 && { overview: { kind: 'held', text: TEXTS.heldBadge(held) } }),
    ...(notEnforced > 0 && { jobs: { kind: 'bad', text: TEXTS.notEnforcedBadge(notEnforced) } }),
  };
});
