// mdminfo: version, path and page size, and what is no usable answer.

import { describe, expect, test } from 'vitest';
import { readInformation } from '../../../../shared/adapters/cisco-mdm/read-information.ts';
import { SourceError } from '../../../../shared/errors.ts';

const ORIGIN = 'https://mdm.example:8443';

/** As a server that real ISE accepted answers (a mock MDM server by Cisco employees). */
function answer(fields: Readonly<Record<string, string | undefined>> = {}): string {
  const all: Record<string, string | undefined> = {
    name: 'mdminfo',
    api_version: '3',
    api_path: '/ise/mdm/api',
    redirect_url: 'https://enrol.example/',
    query_max_size: '3000',
    messaging_support: 'false',
    vendor: 'Example',
    product_name: 'Example Connector',
    product_version: '1.0.0',
    ...fields,
  };
  const elements = Object.entries(all).map(([name, text]) => (text === undefined ? '' : `<${name}>${text}</${name}>`));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ise_api>${elements.join('\n')}</ise_api>`;
}

const read = (fields?: Readonly<Record<string, string | undefined>>) =>
  readInformation(answer(fields), ORIGIN, 'The server');

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof SourceError) return `${thrown.code} ${thrown.field}`;
    throw thrown;
  }
  throw new Error('it was read');
}

test('an answer that ISE accepts is read', () => {
  expect(read()).toEqual({
    version: 3,
    devicesRoot: `${ORIGIN}/ise/mdm/api`,
    queryMaxSize: 3000,
    vendor: 'Example',
    product: 'Example Connector',
    productVersion: '1.0.0',
  });
});

describe('the version', () => {
  test.each([
    ['1', 1],
    ['2', 2],
    ['3', 3],
    ['4', 3],
    ['9', 3],
  ])('%s is spoken as %i', (said, spoken) => {
    expect(read({ api_version: said }).version).toBe(spoken);
  });

  test.each([[undefined], ['0'], ['two'], ['-3'], ['2.5']])('%s is refused', (said) => {
    expect(codeOf(() => read({ api_version: said }))).toBe('NAC_SOURCE_DIALECT api_version');
  });
});

describe('the path', () => {
  test.each([
    ['/ciscoise/mdmapi/v3', '/ciscoise/mdmapi/v3'],
    ['/appstore/ciscoise/', '/appstore/ciscoise'],
    [`${ORIGIN}/ciscoise`, '/ciscoise'],
    ['/TrafficGateway/ComplianceRetrievalService/cisco', '/TrafficGateway/ComplianceRetrievalService/cisco'],
  ])('%s leads to %s on the same host', (said, path) => {
    expect(read({ api_path: said }).devicesRoot).toBe(`${ORIGIN}${path}`);
  });

  test.each([
    [undefined],
    ['ciscoise'],
    ['//evil.example/api'],
    ['https://evil.example/api'],
    ['https://mdm.example:8443.evil.example/api'],
    ['/a/../../b'],
    ['/a/./b'],
    ['/a?x=1'],
    ['/a#b'],
    ['/a\\b'],
    ['/a%2e%2e/b'],
    ['/a b'],
    [`/${'a'.repeat(300)}`],
  ])('%s is refused', (said) => {
    expect(codeOf(() => read({ api_path: said }))).toBe('NAC_SOURCE_DIALECT api_path');
  });

  test('two different paths are refused', () => {
    const xml = answer().replace('</api_path>', '</api_path><api_path>/other</api_path>');
    expect(codeOf(() => readInformation(xml, ORIGIN, 'The server'))).toBe('NAC_SOURCE_DIALECT api_path');
  });
});

test.each([[undefined], ['0'], ['many']])('a page size of %s is the usual 5,000', (said) => {
  expect(read({ query_max_size: said }).queryMaxSize).toBe(5_000);
});

test('words for people come without control characters and cut', () => {
  const { vendor } = read({ vendor: `A\u001b[31m${'x'.repeat(200)}` });
  expect(vendor).toMatch(/^A \[31mx+$/);
  expect(vendor?.length).toBeLessThanOrEqual(80);
});

test.each([['<ise_api><name>attributes</name></ise_api>'], ['<html><body>Sign in</body></html>'], ['']])(
  'what is no mdminfo is refused: %s',
  (xml) => {
    expect(codeOf(() => readInformation(xml, ORIGIN, 'The server'))).toBe('NAC_SOURCE_PAGE body');
  },
);
