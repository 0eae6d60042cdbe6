// The filters of a list as its page's address has them. Another filter replaces the address: going back leaves the list.

import { useCallback, useEffect, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { type FilterNames, type Filters, filtersAddress, readFilters, withFilter } from './filters-in-address.ts';

export interface AddressFilters<N extends string> {
  readonly filters: Filters<N>;
  /** An empty value takes the filter away. */
  readonly set: (changes: Filters<N>) => void;
  readonly clear: () => void;
}

export function useFilters<N extends string>(names: FilterNames<N>): AddressFilters<N> {
  // Links and `route` bring a new location, and with it this page is drawn again.
  const { route } = useLocation();
  const [, setAddress] = useState(location.href);
  useEffect(() => {
    // What stands behind the # is no change of page to the router.
    const read = (): void => setAddress(location.href);
    addEventListener('popstate', read);
    addEventListener('hashchange', read);
    return () => {
      removeEventListener('popstate', read);
      removeEventListener('hashchange', read);
    };
  }, []);
  const filters = readFilters(names, location.href);
  const go = useCallback(
    (next: Filters<N>) => {
      route(`${location.pathname}${filtersAddress(names, next)}`, true);
      setAddress(location.href);
    },
    [names, route],
  );
  const set = (changes: Filters<N>): void => {
    let next = readFilters(names, location.href);
    for (const [name, value] of Object.entries(changes)) next = withFilter(next, name as N, String(value ?? ''));
    go(next);
  };
  return { filters, set, clear: () => go({} as Filters<N>) };
}
