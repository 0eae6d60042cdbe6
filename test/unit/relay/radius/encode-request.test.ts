// Requests are encoded as a receiver reads them, and what cannot be sent is refused.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ATTRIBUTE_TABLE,
  type Attribute,
  type AttributeDefinition,
  type AttributeName,
} from '../../../../relay/radius/attribute-table.ts';
import { attributeProblem, encodeAttribute } from '../../../../relay/radius/encode-attribute.ts';
import { readAttributes } from '../../../../relay/radius/read-attributes.ts';
import { encodeRequest } from '../../../support/encode-request.ts';

const secret = Buffer.from('a-shared-secret');
const names = Object.keys(ATTRIBUTE_TABLE) as AttributeName[];

const VALUES_OF: Record<AttributeDefinition['kind'], fc.Arbitrary<string | number | Uint8Array>> = {
  text: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  octets: fc.uint8Array({ minLength: 1, maxLength: 253 }),
  integer: fc.nat({ max: 0xffff_ffff }),
  time: fc.nat({ max: 0xffff_ffff }),
  ipv4: fc.ipV4(),
  ipv6: fc.ipV6().filter((text) => !text.includes('.')),
};

const anAttribute: fc.Arbitrary<Attribute> = fc
  .constantFrom(...names)
  .chain((name) => VALUES_OF[ATTRIBUTE_TABLE[name].kind].map((value) => [name, value] as unknown as Attribute))
  .filter((attribute) => attributeProblem(attribute) === undefined);

/** What a receiver reads: number, vendor and value. */
function received(packet: Buffer) {
  return readAttributes(packet, 20)?.map(({ type, value }) => {
    if (type !== 26) return { type, value: value.toString('hex') };
    expect(value.readUInt8(5)).toBe(value.length - 4);
    return { vendor: value.readUInt32BE(0), type: value.readUInt8(4), value: value.subarray(6).toString('hex') };
  });
}

function expected([name, value]: Attribute) {
  const { type, kind, vendor }: AttributeDefinition = ATTRIBUTE_TABLE[name];
  return { ...(vendor === undefined ? {} : { vendor }), type, value: valueAsHex(kind, value) };
}

function valueAsHex(kind: AttributeDefinition['kind'], value: string | number | Uint8Array): string {
  if (kind === 'integer' || kind === 'time') return Number(value).toString(16).padStart(8, '0');
  if (kind === 'ipv4')
    return String(value)
      .split('.')
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join('');
  if (kind === 'ipv6') return ipv6Hex(String(value));
  return Buffer.from(value as string).toString('hex');
}

function ipv6Hex(text: string): string {
  const [head = '', tail = ''] = text.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => word.padStart(4, '0')));
  const zeros = text.includes('::') ? '0000'.repeat(8 - words(head).length - words(tail).length) : '';
  return (words(head).join('') + zeros + words(tail).join('')).toLowerCase();
}

test('what is encoded is what a receiver reads, in the same order, behind Message-Authenticator', () => {
  fc.assert(
    fc.property(
      fc.array(anAttribute, { maxLength: 12 }),
      fc.nat({ max: 255 }),
      fc.boolean(),
      (attributes, identifier, messageAuthenticator) => {
        const packet = encodeRequest({ packet: 'CoA-Request', identifier, secret, attributes, messageAuthenticator });
        expect([packet[0], packet[1], packet.readUInt16BE(2)]).toEqual([43, identifier, packet.length]);
        const [first, ...rest] = received(packet) ?? [];
        if (messageAuthenticator) expect(first).toMatchObject({ type: 80 });
        const sent = messageAuthenticator || first === undefined ? rest : [first, ...rest];
        expect(sent).toEqual(attributes.map(expected));
      },
    ),
  );
});

describe('values that cannot be sent', () => {
  test.each<[AttributeName, unknown, string]>([
    ['User-Name', '', 'is empty'],
    ['User-Name', 'x'.repeat(254), 'is longer than 253 octets'],
    ['User-Name', 'ü'.repeat(127), 'is longer than 253 octets'],
    ['User-Name', 5, 'is not a text'],
    ['Cisco-AVPair', 'x'.repeat(248), 'is longer than 247 octets'],
    ['State', 'text', 'is not a sequence of octets'],
    ['NAS-Port', -1, 'is not a whole number of 32 bits'],
    ['NAS-Port', 1.5, 'is not a whole number of 32 bits'],
    ['NAS-Port', 4_294_967_296, 'is not a whole number of 32 bits'],
    ['NAS-Port', '1', 'is not a whole number of 32 bits'],
    ['NAS-IP-Address', 'nas.example', 'is not an IPv4 address'],
    ['NAS-IP-Address', '2001:db8::1', 'is not an IPv4 address'],
    ['NAS-IPv6-Address', '192.0.2.1', 'is not an IPv6 address'],
    ['NAS-IPv6-Address', 7, 'is not an IPv6 address'],
  ])('%s %j', (name, value, problem) => {
    const attribute = [name, value] as unknown as Attribute;
    expect(attributeProblem(attribute)).toBe(problem);
    expect(() => encodeAttribute(attribute)).toThrow(new RangeError(`${name} ${problem}`));
  });

  test('the longest that can', () => {
    expect(encodeAttribute(['User-Name', 'x'.repeat(253)])).toHaveLength(255);
    expect(encodeAttribute(['Cisco-AVPair', 'x'.repeat(247)])).toHaveLength(255);
    expect(encodeAttribute(['NAS-Port', 0xffff_ffff]).toString('hex')).toBe('0506ffffffff');
  });
});

describe('requests that cannot be sent', () => {
  test.each([-1, 256, 1.5, Number.NaN])('identifier %d', (identifier) => {
    expect(() => encodeRequest({ packet: 'CoA-Request', identifier, secret, attributes: [] })).toThrow(RangeError);
  });

  test('an empty secret', () => {
    expect(() =>
      encodeRequest({ packet: 'CoA-Request', identifier: 1, secret: Buffer.alloc(0), attributes: [] }),
    ).toThrow('secret is empty');
  });

  test('more than 4096 octets', () => {
    const attributes = Array<Attribute>(16).fill(['User-Name', 'x'.repeat(253)]);
    expect(() => encodeRequest({ packet: 'CoA-Request', identifier: 1, secret, attributes })).toThrow('4118 octets');
  });

  test.each<Attribute>([
    ['Service-Type', 17],
    ['State', Buffer.of(1)],
  ])('%s in a Disconnect-Request', (...attribute) => {
    const attributes = [attribute as unknown as Attribute];
    expect(() => encodeRequest({ packet: 'Disconnect-Request', identifier: 1, secret, attributes })).toThrow(
      'not allowed in a Disconnect-Request',
    );
    expect(encodeRequest({ packet: 'CoA-Request', identifier: 1, secret, attributes }).length).toBeGreaterThan(38);
  });
});
