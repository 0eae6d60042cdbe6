// Questions have the addresses that Cisco's descriptions and a real ISE's log show.

import { describe, expect, test } from 'vitest';
import {
  canBeAsked,
  devicesUrl,
  informationUrl,
  type Question,
} from '../../../../shared/adapters/cisco-mdm/questions.ts';
import type { DialectVersion } from '../../../../shared/domain/mdm-dialect.ts';

const device = (criterion: 'guid' | 'macaddress' | 'udid', value: string): Question => ({
  kind: 'device',
  criterion,
  value,
});
const NONCOMPLIANT: Question = { kind: 'by-verdict', compliant: false };

function url(version: DialectVersion, question: Question, paging = '0'): string {
  return devicesUrl({ version, devicesRoot: 'https://m/ise/mdm/api', queryMaxSize: 100 }, question, paging);
}

test('mdminfo is asked for by version, or as version 1 did', () => {
  expect(informationUrl('https://m', 3)).toBe('https://m/ciscoise/mdminfo/?ise_api_version=3');
  expect(informationUrl('https://m/instance')).toBe('https://m/instance/ciscoise/mdminfo');
});

describe('devices', () => {
  test.each<[DialectVersion, Question, string]>([
    [1, device('macaddress', '0026b424feb4'), '/devices/0/macaddress/0026B424FEB4/all'],
    [1, NONCOMPLIANT, '/devices/0/compliance/false/all'],
    [1, { kind: 'every-device' }, '/devices/0/all'],
    [
      2,
      device('macaddress', '0026b424feb4'),
      '/devices/?paging=0&querycriteria=macaddress&value=0026B424FEB4&filter=all',
    ],
    [2, NONCOMPLIANT, '/devices/?paging=0&querycriteria=compliance&value=false&filter=all'],
    [2, { kind: 'every-device' }, '/devices/?paging=0&filter=all'],
    [3, device('guid', '000000000000'), '/devices/?paging=0&querycriteria=guid&value=000000000000&filter=all'],
    [3, NONCOMPLIANT, '/devices/?paging=0&querycriteria=compliance&value=false&deviceidentifier=guid&filter=all'],
  ])('version %i: %j', (version, question, target) => {
    expect(url(version, question)).toBe(`https://m/ise/mdm/api${target}`);
  });

  test('a value or a place is no part of the address', () => {
    expect(url(3, device('udid', 'a&filter=none#/../x y'))).toContain(
      'value=a%26filter%3Dnone%23%2F..%2Fx%20y&filter=all',
    );
    expect(url(1, device('macaddress', '../..'), '1/../2')).toContain('/devices/1%2F..%2F2/macaddress/..%2F../all');
  });
});

test('a version is asked only what it knows, and a value that the dialect has room for', () => {
  expect(([1, 2, 3] as const).map((version) => canBeAsked(version, 'guid', 'a'))).toEqual([false, false, true]);
  expect(([1, 2, 3] as const).map((version) => canBeAsked(version, 'udid', 'a'))).toEqual([false, true, true]);
  expect([canBeAsked(3, 'guid', ''), canBeAsked(3, 'guid', 'é'.repeat(65))]).toEqual([false, false]);
});
