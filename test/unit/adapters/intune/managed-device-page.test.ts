// Pages of managed devices, and next links that lead elsewhere.

import { expect, test } from 'vitest';
import { readManagedDevicePage } from '../../../../shared/adapters/intune/managed-device-page.ts';

const AT = '2026-11-20T10:00:00.000Z';
const ORIGIN = 'https://graph.microsoft.com';

test.each([
  ['null', { '@odata.nextLink': null }],
  ['absent', {}],
  ['empty', { '@odata.nextLink': '' }],
])('a next link that is %s ends a list', (_what, envelope) => {
  expect(readManagedDevicePage('intune', { envelope, records: [] }, AT, ORIGIN)).toEqual({
    requestedAt: AT,
    records: [],
  });
});

test.each([[7], [true], [{}], ['https://evil.example/']])('a next link %j is refused', (nextLink) => {
  const page = { envelope: { '@odata.nextLink': nextLink }, records: [] };
  expect(() => readManagedDevicePage('intune', page, AT, ORIGIN)).toThrow('malformed');
});
