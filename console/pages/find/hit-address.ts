// Where the page of a hit is. Built from its kind and id, never from a text of the answer.

import type { SearchResult } from '../../api/answers.ts';

export type SearchHit = SearchResult['hits'][number];

export function hitAddress({ kind, id, site }: SearchHit): string {
  const encoded = encodeURIComponent(id);
  switch (kind) {
    case 'device':
      return `/console/devices/${encoded}`;
    case 'decision':
      return `/console/decisions/${encoded}`;
    case 'session':
      return `/console/sessions?session=${encoded}${site === undefined ? '' : `&site=${encodeURIComponent(site)}`}`;
    case 'job':
      return `/console/jobs?job=${encoded}${site === undefined ? '' : `&site=${encodeURIComponent(site)}`}`;
  }
}
