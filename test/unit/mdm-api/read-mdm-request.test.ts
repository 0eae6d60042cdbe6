// Paths and parameters of Cisco's MDM API, as its descriptions, a log of ISE and implementers write them.

import { describe, expect, test } from 'vitest';
import { RequestError } from '../../../shared/errors.ts';
import { readMdmRequest } from '../../../shared/mdm-api/read-mdm-request.ts';

function read(target: string, method = 'GET') {
  const url = new URL(target, 'https://connector.example');
  return readMdmRequest({ method, path: url.pathname, query: url.searchParams });
}

function refused(target: string, method = 'GET'): string {
  try {
    read(target, method);
  } catch (thrown) {
    if (thrown instanceof RequestError) return `${thrown.status} ${thrown.code} ${thrown.field}`;
    throw thrown;
  }
  throw new Error('it was read');
}

describe('mdminfo', () => {
  test.each([
    ['/ciscoise/mdminfo', 1, ''],
    ['/ciscoise/mdminfo/', 1, ''],
    ['/ciscoise/mdminfo?ise_api_version=2', 2, ''],
    ['/ciscoise/mdminfo/?ise_api_version=3', 3, ''],
    ['/CiscoISE/MDMInfo/?ISE_API_Version=3', 3, ''],
    ['/ciscoise//mdminfo//?ise_api_version=3', 3, ''],
    ['/ciscoise/mdminfo/?ise_api_version=4', 3, ''],
    ['/branch-7/ciscoise/mdminfo/?ise_api_version=3', 3, '/branch-7'],
    ['/a%20b/ciscoise/mdminfo', 1, '/a%20b'],
  ])('%s speaks version %i', (target, version, prefix) => {
    expect(read(target)).toEqual({ kind: 'information', version, prefix });
  });

  test.each(['0', '-1', 'x', '3.1', '99999'])('of version %s is refused', (version) => {
    expect(refused(`/ciscoise/mdminfo/?ise_api_version=${version}`)).toBe('400 NAC_REQUEST_FIELD ise_api_version');
  });
});

describe('one device', () => {
  test('as ISE was seen to ask', () => {
    const target = '/ciscoise/mdmapi/v2/devices/?paging=0&querycriteria=macaddress&value=0026B424FEB4&filter=all';
    expect(read(target)).toEqual({
      kind: 'device',
      version: 2,
      criterion: 'macaddress',
      value: '0026B424FEB4',
      filter: undefined,
    });
  });

  test.each(['macaddress', 'meid', 'udid', 'imei', 'guid', 'guidhn'])('by %s', (criterion) => {
    const query = `paging=0&querycriteria=${criterion}&value=x1&filter=all`;
    for (const version of [1, 2, 3]) {
      for (const path of [`/ciscoise/mdmapi/v${version}/devices`, `/site/ciscoise/MDMAPI/V${version}/Devices/`]) {
        expect(read(`${path}?${query}`)).toMatchObject({ kind: 'device', version, criterion, value: 'x1' });
      }
    }
  });

  test.each([
    ['/ciscoise/mdmapi/v1/devices/0/macaddress/000000000000/all', 1],
    ['/ciscoise/devices/0/macaddress/000000000000/all', 1],
    ['/ciscoise/mdmapi/v1/devicess/0/macaddress/000000000000', 1],
    ['/appstore/ciscoise/devices/0/MACAddress/000000000000/all/', 1],
    ['/ciscoise/devices/?paging=0&querycriteria=macaddress&value=000000000000&filter=all', 2],
    ['/ciscoise/devices?QueryCriteria=MacAddress&Value=000000000000', 2],
  ])('by the form %s', (target, version) => {
    expect(read(target)).toMatchObject({ kind: 'device', version, criterion: 'macaddress', value: '000000000000' });
  });

  test('by GUID speaks version 3, where the path names none', () => {
    expect(read('/ciscoise/devices/?querycriteria=guid&value=a')).toMatchObject({ version: 3 });
  });

  test.each([
    ['register_status+compliance_status', ['register_status', 'compliance']],
    ['register_status%2Bcompliance', ['register_status', 'compliance']],
    ['imei%20lastcheckintimestamp,guid', ['imei', 'lastCheckinTimeStamp', 'guid']],
    ['period+unheard_of', []],
  ])('with the filter %s', (filter, elements) => {
    const question = read(`/ciscoise/devices/?querycriteria=guid&value=a&filter=${filter}`);
    expect(question).toMatchObject({ filter: new Set(elements) });
  });

  test('with a filter in the path of version 1', () => {
    const question = read('/ciscoise/mdmapi/v1/devices/0/macaddress/000000000000/register_status+compliance_status');
    expect(question).toMatchObject({ filter: new Set(['register_status', 'compliance']) });
  });
});

describe('the list', () => {
  test.each([
    ['/ciscoise/mdmapi/v1/devices/0/compliance/false/all', 1, 'macaddress', 0],
    ['/ciscoise/mdmapi/v2/devices/?paging=0&querycriteria=compliance&value=false&filter=all', 2, 'macaddress', 0],
    ['/ciscoise/mdmapi/v3/devices/?paging=7&querycriteria=compliance&value=False&filter=all', 3, 'guid', 7],
    [
      '/ciscoise/mdmapi/v3/devices/?paging=0&querycriteria=compliance&value=false&deviceidentifier=guid&filter=all',
      ...([3, 'guid', 0] as const),
    ],
    [
      '/ciscoise/mdmapi/v3/devices/?paging=2147483647&querycriteria=compliance&value=false&deviceidentifier=MacAddress',
      ...([3, 'macaddress', 2_147_483_647] as const),
    ],
  ] as const)('%s', (target, version, identifier, from) => {
    expect(read(target)).toEqual({ kind: 'noncompliant', version, identifier, from, filter: undefined });
  });
});

describe('what changes something', () => {
  test.each([
    '/ciscoise/mdmapi/v3/action/actionType=pin_lock',
    '/ciscoise/mdmapi/v3/action/?actionType=pin_lock',
    '/ciscoise/mdmapi/v3/action?actiontype=PIN_LOCK',
    '/ciscoise/action/actionType%3Dpin_lock',
  ])('is read: %s', (target) => {
    expect(read(target, 'POST')).toEqual({ kind: 'action', version: 3, action: 'pin_lock' });
  });

  test('is read: a message, a batch', () => {
    expect(read('/ciscoise/mdmapi/v2/sendmessage', 'PUT')).toEqual({ kind: 'message', version: 2 });
    const batch = '/ciscoise/mdmapi/v2/batchdevices/?paging=0&querycriteria=macaddress&value=&filter=all';
    expect(read(batch, 'POST')).toMatchObject({ kind: 'batch', version: 2, criterion: 'macaddress', value: '' });
  });
});

describe('refused', () => {
  const long = 'x'.repeat(129);
  test.each([
    ['/ciscoise', '404 NAC_MDM_PATH path'],
    ['/ciscoise/mdmapi/v4/devices', '404 NAC_MDM_PATH path'],
    ['/ciscoise/mdmapi', '404 NAC_MDM_PATH path'],
    ['/a/b/ciscoise/mdminfo', '404 NAC_MDM_PATH path'],
    ['/ciscoise/mdminfo/x', '404 NAC_MDM_PATH path'],
    ['/ciscoise/devices/0/macaddress/000000000000/all/more', '404 NAC_MDM_PATH path'],
    ['/ciscoise/action/actionType=pin_lock', '404 NAC_MDM_PATH path'],
    ['/ciscoise/devices/?querycriteria=serial_number&value=1', '400 NAC_REQUEST_FIELD querycriteria'],
    ['/ciscoise/devices/?querycriteria=guid', '400 NAC_REQUEST_FIELD value'],
    [`/ciscoise/devices/?querycriteria=guid&value=${long}`, '400 NAC_REQUEST_FIELD value'],
    ['/ciscoise/devices/?querycriteria=guid&value=1&value=2', '400 NAC_REQUEST_FIELD value'],
    ['/ciscoise/devices/?querycriteria=compliance&value=false&paging=x', '400 NAC_REQUEST_FIELD paging'],
    ['/ciscoise/devices/?querycriteria=compliance&value=false&paging=2147483648', '400 NAC_REQUEST_FIELD paging'],
    [
      '/ciscoise/devices/?querycriteria=compliance&value=false&deviceidentifier=imei',
      '400 NAC_REQUEST_FIELD deviceidentifier',
    ],
    ['/ciscoise/devices/?querycriteria=compliance&value=true', '400 NAC_MDM_QUESTION value'],
    ['/ciscoise/devices/?paging=0&filter=all', '400 NAC_MDM_QUESTION querycriteria'],
    ['/ciscoise/mdmapi/v1/devices/0/all', '400 NAC_MDM_QUESTION querycriteria'],
    ['/ciscoise/mdmapi/v1/devices/0/username/abcd1234/all', '400 NAC_MDM_QUESTION querycriteria'],
  ])('%s', (target, refusal) => {
    expect(refused(target)).toBe(refusal);
  });

  test('an action of another name, and a device by POST', () => {
    expect(refused('/ciscoise/action/actionType=remotelock', 'POST')).toBe('400 NAC_REQUEST_FIELD actionType');
    expect(refused('/ciscoise/devices/?querycriteria=guid&value=1', 'POST')).toBe('404 NAC_MDM_PATH path');
  });
});
