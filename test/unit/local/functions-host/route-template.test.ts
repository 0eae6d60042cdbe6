// Which paths a route template of the Functions host matches, and with which parameters.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRouteTable } from '../../../../local/functions-host/route-table.ts';
import { compileRouteTemplate, pathSegments } from '../../../../local/functions-host/route-template.ts';

describe('route templates', () => {
  const match = (template: string, target: string) => {
    const params = compileRouteTemplate(template).match(pathSegments(target));
    return params && Object.fromEntries(params);
  };
  const segment = fc.stringMatching(/^[\w.~ %{}äöü*-]{1,8}$/).filter((text) => !/^\.{1,2}$/.test(text));
  const name = fc.stringMatching(/^[a-z]\w{0,5}$/);

  test('never throw on any path', () => {
    const templates = [
      '',
      'a',
      'a/{b}',
      '{a:int}/{b:guid?}',
      'x/{*rest}',
      '{a=1}/{b=2}',
      '{n:long:min(3)}',
      '{l:length(2,4)}',
    ];
    const compiled = templates.map(compileRouteTemplate);
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.webPath(), fc.stringMatching(/^[/%a-fA-F0-9.]*$/)),
        (target) => {
          for (const template of compiled) template.match(pathSegments(target));
        },
      ),
    );
  });

  test('either compile or say what is wrong', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a{}:*?=()/,0-9]*$/)), (template) => {
        try {
          compileRouteTemplate(template);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect((error as Error).message).toMatch(
            /^the .* (?:not supported|occurs twice|come last|wrong arguments)$/s,
          );
        }
      }),
    );
  });

  test('give back every parameter value that was put into the path', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
        fc.array(segment, { minLength: 4, maxLength: 4 }),
        (names, values) => {
          const template = names.map((text) => `p/{${text}}`).join('/');
          const target = names.map((_, index) => `p/${encodeURIComponent(values[index] ?? '')}`).join('/');
          expect(match(template, `/${target}`)).toEqual(
            Object.fromEntries(names.map((text, index) => [text, values[index]])),
          );
          expect(match(template, `/${target}/more`)).toBeUndefined();
          expect(match(`${template}/{*rest}`, `/${target}/more/and%20more`)).toMatchObject({ rest: 'more/and more' });
        },
      ),
    );
  });

  test('match integers exactly where an integer constraint stands', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }), (number) => {
        expect(match('{n:int}', `/${number}`) !== undefined).toBe(BigInt.asIntN(32, number) === number);
        expect(match('{n:long}', `/${number}`) !== undefined).toBe(BigInt.asIntN(64, number) === number);
      }),
    );
  });

  test.each([
    ['{a?}', '/', {}],
    ['{a=7}', '/', { a: '7' }],
    ['x/{a:int?}', '/x/y', undefined],
    ['{a:bool}', '/TRUE', { a: 'TRUE' }],
    ['{a:range(1,5)}', '/6', undefined],
    ['{a:guid}', '/%7B0af7651916cd43dd8448eb211c80319c%7D', { a: '{0af7651916cd43dd8448eb211c80319c}' }],
    ['a/{b}/c', '/a//c', undefined],
    ['{device-id}', '/x', { 'device-id': 'x' }],
  ])('%s against %s', (template, target, params) => {
    expect(match(template, target)).toEqual(params);
  });

  test('fall back to a less specific route that allows the method', () => {
    const route = (template: string, method: string) => ({
      fn: { metadata: { name: template, bindings: {} }, callback: () => undefined },
      methods: [method],
      template: compileRouteTemplate(template),
    });
    const table = createRouteTable([route('{x}', 'POST'), route('a', 'GET')]);
    expect(table.find('POST', '/a')).toMatchObject({ kind: 'found', fn: { metadata: { name: '{x}' } } });
    expect(table.find('PUT', '/a')).toEqual({ kind: 'none' });
  });
});
