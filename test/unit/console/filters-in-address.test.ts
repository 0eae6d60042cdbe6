// Filters of a list in the page's address: what names a person stands behind the #.

import { describe, expect, test } from 'vitest';
import { filtersAddress, readFilters, withFilter } from '../../../console/lists/filters-in-address.ts';

const NAMES = { open: ['site', 'rule'], personal: ['user'] } as const;

describe('filters in the address', () => {
  test('come back as they were written', () => {
    const filters = { site: 'berlin', rule: 'guest & co', user: 'anna#1@example.com' };
    expect(readFilters(NAMES, filtersAddress(NAMES, filters))).toEqual(filters);
  });

  test('a name of a person stands in no part that a server sees', () => {
    expect(filtersAddress(NAMES, { site: 'hq', user: 'anna' })).toBe('?site=hq#user=anna');
  });

  test('an address without filters is empty', () => {
    expect(filtersAddress(NAMES, {})).toBe('');
    expect(readFilters(NAMES, '/console/decisions')).toEqual({});
  });

  test('a link that has a name in its query is read all the same', () => {
    expect(readFilters(NAMES, '/console/decisions?user=anna')).toEqual({ user: 'anna' });
  });

  test('unknown names, empty values, control characters and the sign-in of a redirect are left out', () => {
    const address = '/console/decisions?site=&rule=a%00b&other=1&__proto__=x#code=abc&state=xyz';
    expect(readFilters(NAMES, address)).toEqual({ rule: 'a b' });
  });

  test('a value is cut where the API would refuse it', () => {
    expect(readFilters(NAMES, `?site=${'x'.repeat(300)}`)).toEqual({ site: 'x'.repeat(253) });
  });

  test('an empty value takes a filter away', () => {
    expect(withFilter<'site' | 'rule'>({ site: 'hq', rule: 'x' }, 'site', '  ')).toEqual({ rule: 'x' });
    expect(withFilter<'site' | 'rule'>({ site: 'hq' }, 'rule', 'guest')).toEqual({ site: 'hq', rule: 'guest' });
  });
});
