// Packets of other implementations, byte by byte.

import { expect, test } from 'vitest';
import { verifyAnswer } from '../../../../relay/radius/verify-answer.ts';
import { encodeRequest } from '../../../support/encode-request.ts';

const secret = Buffer.from('testing123');
const hex = (text: string) => Buffer.from(text, 'hex');

const coaRequest = hex(
  '2b0700ca352c83034b100c4663afeb31bcd324e75012f202705ebda4bf56019aff79354d99f30406c000020a1f1330302d31312d32322d33332d34342d353537066553f1001a3100000009012b61756469742d73657373696f6e2d69643d3041304130413041303030303030313233343536373839301a29000000090123737562736372696265723a636f6d6d616e643d726561757468656e7469636174651a2b000000090125737562736372696265723a726561757468656e7469636174652d747970653d6c617374',
);
const coaAck = hex('2c0700263e7a0a081308a88a87ff016a6f64239450128f40ee2fc666e39105ccc2d6bab46f76');
const coaNak = hex('2d07002c81546084c82b202af41ed4dd9edab48d5012cd35292612f8cb7d5d5b9cf0ef66b1756506000001f7');

test('a Disconnect-Request with nothing but Message-Authenticator, as tcpdump captured one', () => {
  expect(encodeRequest({ packet: 'Disconnect-Request', identifier: 1, secret, attributes: [] }).toString('hex')).toBe(
    '28010026e1792d2b4ab349f1a4c0fcc733d091c1501258513d662847e5f8734a30dbdac8e4af',
  );
});

test('a CoA-Request to a Cisco switch', () => {
  const packet = encodeRequest({
    packet: 'CoA-Request',
    identifier: 7,
    secret,
    attributes: [
      ['NAS-IP-Address', '192.0.2.10'],
      ['Calling-Station-Id', '00-11-22-33-44-55'],
      ['Event-Timestamp', 1_700_000_000],
      ['Cisco-AVPair', 'audit-session-id=0A0A0A0A0000001234567890'],
      ['Cisco-AVPair', 'subscriber:command=reauthenticate'],
      ['Cisco-AVPair', 'subscriber:reauthenticate-type=last'],
    ],
  });
  expect(packet.toString('hex')).toBe(coaRequest.toString('hex'));
});

test('a Disconnect-Request without Message-Authenticator', () => {
  const packet = encodeRequest({
    packet: 'Disconnect-Request',
    identifier: 8,
    secret,
    attributes: [['Calling-Station-Id', '00-11-22-33-44-55']],
    messageAuthenticator: false,
  });
  expect(packet.toString('hex')).toBe('28080027e88f0442ed1cd880ed039512f815c0b21f1330302d31312d32322d33332d34342d3535');
});

test('an integer attribute of a vendor', () => {
  const packet = encodeRequest({
    packet: 'CoA-Request',
    identifier: 9,
    secret,
    attributes: [
      ['Calling-Station-Id', '00-11-22-33-44-55'],
      ['Aruba-Port-Bounce-Host', 12],
    ],
  });
  expect(packet.toString('hex')).toBe(
    '2b090045c6fa0f908b91c516683c9de9afeb4bd750129e4c7e5a7c4c6e24d2c5de12bab3f37f1f1330302d31312d32322d33332d34342d35351a0c000039e728060000000c',
  );
});

test('the CoA-ACK to it', () => {
  expect(verifyAnswer({ request: coaRequest, datagram: coaAck, secret })).toEqual({
    ok: true,
    answer: {
      kind: 'ack',
      messageAuthenticator: 'valid',
      attributes: [{ type: 80, value: coaAck.subarray(22), valueOffset: 22 }],
    },
  });
});

test('the CoA-NAK to it, with its Error-Cause', () => {
  expect(verifyAnswer({ request: coaRequest, datagram: coaNak, secret })).toMatchObject({
    ok: true,
    answer: {
      kind: 'nak',
      messageAuthenticator: 'valid',
      errorCause: { code: 503, name: 'Session Context Not Found' },
    },
  });
});

test.each([
  ['CoA-ACK', coaAck],
  ['CoA-NAK', coaNak],
])('every single altered octet of the %s is noticed', (_name, answer) => {
  for (let at = 0; at < answer.length; at++) {
    for (let flip = 1; flip < 256; flip++) {
      const datagram = Buffer.from(answer);
      datagram.writeUInt8(datagram.readUInt8(at) ^ flip, at);
      expect(verifyAnswer({ request: coaRequest, datagram, secret }).ok, `octet ${at} by ${flip}`).toBe(false);
    }
  }
});

test('another secret is noticed', () => {
  expect(verifyAnswer({ request: coaRequest, datagram: coaAck, secret: Buffer.from('testing124') })).toEqual({
    ok: false,
    reason: 'authenticator',
  });
});
