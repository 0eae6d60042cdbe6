// Bodies of requests of Cisco's MDM API: which devices they name, and what is refused.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRequestBody } from '../../../../shared/adapters/cisco-mdm/read-request-body.ts';
import { xmlText } from '../../../../shared/domain/xml-text.ts';
import { RequestError } from '../../../../shared/errors.ts';

const GUID = '1759c0fd-c8da-49e8-b14f-19d85acfacea';

function refusedWith(body: string): string {
  try {
    readRequestBody(body);
  } catch (thrown) {
    if (thrown instanceof RequestError && thrown.code === 'NAC_REQUEST_NOT_XML') return thrown.message;
    throw thrown;
  }
  throw new Error('it was read');
}

describe('a body', () => {
  test('of an action names its device', () => {
    const body = `<?xml version="1.0" encoding="UTF-8"?>
<ise_api><identifier><guid>${GUID}</guid></identifier></ise_api>`;
    expect(readRequestBody(body)).toEqual([{ element: 'guid', value: GUID }]);
  });

  test('of a message names its devices', () => {
    const body = `<ise_api><identifier><macaddress>000000000000</macaddress><macaddress>111111111111</macaddress></identifier>
      <message><message_type>Alert</message_type><message_header>Need your action in the next 10 minutes</message_header>
      <message_body>...</message_body></message></ise_api>`;
    expect(readRequestBody(body)).toEqual([
      { element: 'macaddress', value: '000000000000' },
      { element: 'macaddress', value: '111111111111' },
    ]);
  });

  test.each([
    ['<ise_api><value>3408BC507C78</value><value>3408BC507C79</value></ise_api>', 'XML'],
    [
      '\ufeff  <batch xmlns="urn:x"><VALUE>3408BC507C78</VALUE><a:value xmlns:a="y">3408BC507C79</a:value></batch>',
      'odd',
    ],
    ['value=3408BC507C78&value=3408BC507C79', 'a form'],
    [
      '--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n<ise_api><value>3408BC507C78</value><value>3408BC507C79</value></ise_api>\r\n--b--\r\n',
      'a form in parts',
    ],
  ])('of a batch is read: %s', (body) => {
    expect(readRequestBody(body).map(({ value }) => value)).toEqual(['3408BC507C78', '3408BC507C79']);
  });

  test('without anything names nothing', () => {
    expect(readRequestBody('')).toEqual([]);
  });

  test.each([
    ['<!DOCTYPE ise_api [<!ENTITY a "b">]><ise_api><value>&a;</value></ise_api>', 'has a DOCTYPE'],
    ['<!DOCTYPE x SYSTEM "file:///etc/passwd"><ise_api/>', 'has a DOCTYPE'],
    ['<ise_api><value>&lol;</value></ise_api>', 'is no well-formed XML'],
    ['<ise_api><value>a</value>', 'is no well-formed XML'],
    ['<ise_api><value>a</wert></ise_api>', 'is no well-formed XML'],
    ['<ise_api/><ise_api/>', 'holds a second document'],
    [`${'<a>'.repeat(9)}${'</a>'.repeat(9)}`, 'is nested too deeply'],
    [`<ise_api>${'<value>x</value>'.repeat(101)}</ise_api>`, 'names more than 100 devices'],
    [`value=x${'&value=x'.repeat(100)}`, 'names more than 100 devices'],
    [`<ise_api><guid>${'x'.repeat(129)}</guid></ise_api>`, 'by more than 128 bytes'],
    [`<ise_api><guid>${'é'.repeat(65)}</guid></ise_api>`, 'by more than 128 bytes'],
    ['{"value": "3408BC507C78"}', 'is neither XML nor a form with values'],
    ['--b\r\nnothing\r\n--b--', ''],
  ])('is refused, or names nothing: %s', (body, problem) => {
    if (problem === '') expect(readRequestBody(body)).toEqual([]);
    else expect(refusedWith(body)).toContain(problem);
  });
});

/** Documents as a hostile client may write them: nested, mixed with text, entities and halves of tags. */
const DOCUMENT = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 12 },
    fc.string({ maxLength: 12 }).map(xmlText),
    fc.constantFrom(
      '&amp;',
      '&lol;',
      '&#0;',
      '&#x1F600;',
      '<![CDATA[x]]>',
      '<!-- c -->',
      '<?pi?>',
      '<',
      '>',
      '</value>',
    ),
    fc
      .tuple(fc.constantFrom('value', 'guid', 'ise_api', 'a:macaddress', 'x'), fc.array(tie('node'), { maxLength: 4 }))
      .map(([name, content]) => `<${name}>${content.join('')}</${name}>`),
  ),
})).node;

test('whatever comes, it is read or refused by its code, and never names more than it may', () => {
  fc.assert(
    fc.property(fc.constantFrom('', '<!DOCTYPE a>', '--b\r\n\r\n', '\ufeff'), DOCUMENT, (begin, document) => {
      const body = `${begin}<ise_api>${document}</ise_api>`;
      try {
        const named = readRequestBody(body);
        expect(begin).not.toBe('<!DOCTYPE a>');
        expect(named.length).toBeLessThanOrEqual(100);
        for (const { value } of named) expect(Buffer.byteLength(value)).toBeLessThanOrEqual(128);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(RequestError);
        expect((thrown as RequestError).code).toBe('NAC_REQUEST_NOT_XML');
      }
    }),
    { numRuns: 10_000 },
  );
});
