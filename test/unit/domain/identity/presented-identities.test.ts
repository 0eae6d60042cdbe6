// Which identities a question presents, by its method and attributes.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AccessRequest } from '../../../../shared/domain/identity/access-request.ts';
import { presentedIdentities } from '../../../../shared/domain/identity/presented-identities.ts';

const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const CERTIFICATE = { subjectAltName: `URI:IntuneDeviceId://${ID}` };
const BY_MAC = { kind: 'mac', value: 'a0b1c2d3e4f5', assurance: 'mac', origin: 'Calling-Station-Id' };
const NOTATIONS = ['a0b1c2d3e4f5', 'A0-B1-C2-D3-E4-F5', 'a0:b1:c2:d3:e4:f5', 'a0b1.c2d3.e4f5', 'A0B1C2-D3E4F5'];

function mab(userName: string | undefined, callingStationId: string | undefined): AccessRequest {
  return {
    method: 'mab',
    ...(userName !== undefined && { userName }),
    ...(callingStationId !== undefined && { callingStationId }),
  };
}

describe('MAC authentication bypass', () => {
  test('presents the address when the user name is the same address, in any mix of notations', () => {
    const notation = fc.constantFrom(...NOTATIONS);
    fc.assert(
      fc.property(notation, notation, (userName, callingStationId) => {
        expect(presentedIdentities(mab(userName, callingStationId))).toEqual({
          authenticated: true,
          identities: [BY_MAC],
          problems: [],
        });
      }),
    );
  });

  test.each([
    ['another address', 'a0b1c2000001'],
    ['a user’s name', 'alice'],
    ['nothing', undefined],
    ['the address with something behind', 'a0b1c2d3e4f5x'],
  ])('with %s as user name is no bypass', (_what, userName) => {
    expect(presentedIdentities(mab(userName, 'a0b1c2d3e4f5'))).toEqual({
      authenticated: false,
      identities: [],
      problems: ['mab-user-name-differs'],
    });
  });

  test.each([
    ['missing', undefined],
    ['no address', 'not-a-mac'],
  ])('with a Calling-Station-Id that is %s authorises no station', (_what, callingStationId) => {
    const presented = presentedIdentities(mab('a0b1c2d3e4f5', callingStationId));
    expect(presented).toMatchObject({ authenticated: false, identities: [] });
    expect(presented.problems).not.toEqual([]);
  });

  test('without user name and without Calling-Station-Id authorises no station', () => {
    expect(presentedIdentities(mab(undefined, undefined))).toMatchObject({ authenticated: false, identities: [] });
  });

  test('with a random address is a bypass, but finds no device', () => {
    const random = 'd2:b1:c2:d3:e4:f5';
    expect(presentedIdentities(mab(random, random))).toEqual({
      authenticated: true,
      identities: [],
      problems: ['mac-random'],
    });
  });
});

describe('a certificate', () => {
  test('presents the device id and nothing weaker', () => {
    const request: AccessRequest = { method: 'eap-tls', certificate: CERTIFICATE, callingStationId: 'a0b1c2d3e4f5' };
    expect(presentedIdentities(request)).toEqual({
      authenticated: true,
      identities: [
        { kind: 'deviceId', value: ID, assurance: 'certificate-guid', origin: 'SAN URI' },
        { kind: 'entraDeviceId', value: ID, assurance: 'certificate-guid', origin: 'SAN URI' },
      ],
      problems: [],
    });
  });

  test.each([
    ['that is missing after a resumed session', undefined, 'certificate-missing'],
    [
      'without any identity',
      { subjectAltName: 'email:a@contoso.com', sanEmail: ['a@contoso.com'] },
      'san-without-device-id',
    ],
    ['with a forged name', { ...CERTIFICATE, sanDns: [`x, URI:IntuneDeviceId://${ID}`] }, 'san-ambiguous'],
  ])('%s never falls through to the MAC address', (_what, certificate, problem) => {
    const request: AccessRequest = {
      method: 'eap-tls',
      callingStationId: 'a0b1c2d3e4f5',
      userName: 'a0b1c2d3e4f5',
      ...(certificate && { certificate }),
    };
    expect(presentedIdentities(request)).toEqual({ authenticated: true, identities: [], problems: [problem] });
  });
});

describe('a computer whom the site authenticated', () => {
  test.each([
    ['host/lt-0042.contoso.com', ['lt-0042.contoso.com', 'lt-0042']],
    ['CONTOSO\\LT-0042$', ['lt-0042']],
    ['LT-0042$@contoso.com', ['lt-0042']],
  ])('as %s presents its name before the address of the station', (userName, names) => {
    const { identities } = presentedIdentities({ method: 'site', userName, callingStationId: 'A0-B1-C2-D3-E4-F5' });
    const account = { kind: 'name', assurance: 'computer-account', origin: 'User-Name' };
    expect(identities).toEqual([...names.map((value) => ({ ...account, value })), BY_MAC]);
  });

  test.each([
    ['host/lt-0042.contoso.com', ['lt-0042.contoso.com', 'lt-0042']],
    ['CONTOSO\\LT-0042$', ['lt-0042']],
    ['LT-0042$@contoso.com', ['lt-0042']],
    ['EVIL\\LT-0042$', []],
    ['host/lt-0042.evil.example', []],
    ['host/lt-0042', []],
    ['LT-0042$', []],
    ['LT-0042$@evil.example', []],
    ['EVIL\\lt-0042.contoso.com$', []],
  ])('as %s counts with a declared domain alone', (userName, names) => {
    const rules = { computerDomains: ['contoso', 'contoso.com'] };
    const { identities, problems } = presentedIdentities({ method: 'site', userName, callingStationId: 'x' }, rules);
    expect(identities.map(({ value }) => value)).toEqual(names);
    expect(problems).toEqual(names.length > 0 ? ['mac-malformed'] : ['computer-domain-unknown', 'mac-malformed']);
  });

  test('is believed only where the site says that it did: MAB with such a name is no bypass', () => {
    expect(presentedIdentities(mab('host/lt-0042', 'a0b1c2d3e4f5'))).toMatchObject({
      authenticated: false,
      identities: [],
    });
  });
});

describe('a VPN client', () => {
  test('presents what its software reports, and needs no MAC address in Calling-Station-Id', () => {
    const request: AccessRequest = {
      method: 'site',
      userName: 'alice',
      callingStationId: '192.0.2.17',
      ciscoAvPairs: [
        'mdm-tlv=device-mac=00-0c-29-74-9d-e8',
        'audit-session-id=0a0a',
        `mdm-tlv=x=ID:Intune:DeviceID:${ID}`,
      ],
    };
    expect(presentedIdentities(request)).toEqual({
      authenticated: true,
      identities: [
        { kind: 'deviceId', value: ID, assurance: 'client-claim', origin: 'mdm-tlv=x' },
        { kind: 'entraDeviceId', value: ID, assurance: 'client-claim', origin: 'mdm-tlv=x' },
        { kind: 'mac', value: '000c29749de8', assurance: 'mac', origin: 'mdm-tlv=device-mac' },
      ],
      problems: [],
    });
  });

  test('with a certificate is known by the certificate alone', () => {
    const request: AccessRequest = {
      method: 'eap-tls',
      certificate: CERTIFICATE,
      ciscoAvPairs: ['mdm-tlv=device-mac=00-0c-29-74-9d-e8'],
    };
    expect(presentedIdentities(request).identities).toMatchObject([
      { kind: 'deviceId', assurance: 'certificate-guid' },
      { kind: 'entraDeviceId', assurance: 'certificate-guid' },
    ]);
  });
});

describe('a user whom the site authenticated', () => {
  test('presents the address of the station, whatever the user is called', () => {
    const request: AccessRequest = { method: 'site', userName: 'alice', callingStationId: 'A0-B1-C2-D3-E4-F5' };
    expect(presentedIdentities(request)).toEqual({ authenticated: true, identities: [BY_MAC], problems: [] });
  });

  test.each([
    ['missing', undefined, 'mac-missing'],
    ['empty', '', 'mac-missing'],
    ['an IP address (VPN)', '192.0.2.17', 'mac-malformed'],
    ['random', 'da-b1-c2-d3-e4-f5', 'mac-random'],
    ['a group address', '01:00:5e:00:00:fb', 'mac-not-a-station'],
    ['broadcast', 'ff:ff:ff:ff:ff:ff', 'mac-not-a-station'],
    ['zeros', '00:00:00:00:00:00', 'mac-not-a-station'],
  ])('presents nothing when the address is %s', (_what, callingStationId, problem) => {
    const request: AccessRequest = { method: 'site', ...(callingStationId !== undefined && { callingStationId }) };
    expect(presentedIdentities(request)).toEqual({ authenticated: true, identities: [], problems: [problem] });
  });
});

test('a request that no server authenticated presents nothing, whatever else it says', () => {
  const request: AccessRequest = {
    method: 'none',
    userName: 'a0b1c2d3e4f5',
    callingStationId: 'a0b1c2d3e4f5',
    certificate: CERTIFICATE,
  };
  expect(presentedIdentities(request)).toEqual({
    authenticated: false,
    identities: [],
    problems: ['not-authenticated'],
  });
});

test('a login whose name was cut has no computer account, and says so', () => {
  const request: AccessRequest = { method: 'site', callingStationId: 'A0-B1-C2-D3-E4-F5', cut: ['userName'] };
  expect(presentedIdentities(request)).toEqual({ authenticated: true, identities: [BY_MAC], problems: ['name-cut'] });
});

test('a random address is never presented, and nothing in a request makes it fail', () => {
  const text = fc.option(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...NOTATIONS, 'd2b1c2d3e4f5')), {
    nil: '',
  });
  const request = fc.record({
    method: fc.constantFrom('mab' as const, 'eap-tls' as const, 'site' as const, 'none' as const),
    userName: text,
    callingStationId: text,
  });
  fc.assert(
    fc.property(request, (asked) => {
      const { identities, authenticated } = presentedIdentities(asked);
      for (const { kind, value } of identities) if (kind === 'mac') expect(value).toBe('a0b1c2d3e4f5');
      if (!authenticated) expect(identities).toEqual([]);
    }),
  );
});
