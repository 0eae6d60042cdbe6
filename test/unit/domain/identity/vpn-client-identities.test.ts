// What VPN clients report about their machine.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { separatePairs, vpnClientIdentities } from '../../../../shared/domain/identity/vpn-client-identities.ts';

const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const UID = '3a'.repeat(32);
const GLOBAL_UID = '5b'.repeat(20);

describe('what a VPN client reports', () => {
  test('is found in the pairs of a Cisco ASA, strongest first', () => {
    const pairs = [
      'mdm-tlv=device-platform=win',
      'mdm-tlv=device-mac=00-0c-29-74-9d-e8',
      'mdm-tlv=device-mac=a4-bb-6d-01-02-03',
      'mdm-tlv=device-public-mac=a4-bb-6d-99-99-99',
      'mdm-tlv=device-platform-version=10.0.17134 ',
      `mdm-tlv=device-uid-global=${GLOBAL_UID.toUpperCase()}`,
      `mdm-tlv=device-uid=${UID}`,
      `mdm-tlv=device-type=ID:Intune:DeviceID:${ID}`,
      'audit-session-id=c0a80101000010005f6e4b2a',
      'ip:source-ip=192.0.2.17',
    ];
    expect(
      vpnClientIdentities(pairs).map(({ kind, value, assurance, origin }) => [kind, value, assurance, origin]),
    ).toEqual([
      ['deviceId', ID, 'client-claim', 'mdm-tlv=device-type'],
      ['entraDeviceId', ID, 'client-claim', 'mdm-tlv=device-type'],
      ['udid', GLOBAL_UID, 'client-claim', 'mdm-tlv=device-uid-global'],
      ['udid', UID, 'client-claim', 'mdm-tlv=device-uid'],
      ['mac', '000c29749de8', 'mac', 'mdm-tlv=device-mac'],
      ['mac', 'a4bb6d010203', 'mac', 'mdm-tlv=device-mac'],
    ]);
  });

  test.each([
    ['a random address', 'mdm-tlv=device-mac=02-00-00-00-00-01'],
    ['no address', 'mdm-tlv=device-mac=unknown'],
    ['an id that is cut', `mdm-tlv=x=ID:Intune:DeviceID:${ID.slice(1)}`],
    ['a unique id with other characters', "mdm-tlv=device-uid=' or 1 eq 1"],
    ['a pair of another kind', `device-mac=00-0c-29-74-9d-e8`],
  ])('%s is nothing', (_what, pair) => {
    expect(vpnClientIdentities([pair])).toEqual([]);
  });

  test('is the same when the server joined the pairs with commas', () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme-ascii' }),
      fc.constantFrom('VMware, Inc. Platform', 'a,b', ',', `x,device-mac=00-0c-29-74-9d-e8`),
    );
    const pair = fc.oneof(
      fc.tuple(fc.constantFrom('device-platform', 'device-type', 'ac-user-agent'), value).map((p) => p.join('=')),
      fc.constantFrom(
        'device-mac=00-0c-29-74-9d-e8',
        'device-mac=a4-bb-6d-01-02-03',
        `device-uid=${UID}`,
        `device-uid-global=${GLOBAL_UID}`,
        `device-type=ID:Intune:DeviceID:${ID}`,
      ),
    );
    const list = fc.array(
      fc.oneof(
        pair.map((tlv) => `mdm-tlv=${tlv}`),
        fc.constantFrom('audit-session-id=c0a80101000010005f6e4b2a', 'ip:source-ip=192.0.2.17', 'coa-push=true'),
      ),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(list, (pairs) => {
        expect(vpnClientIdentities(separatePairs(pairs.join(',')))).toEqual(vpnClientIdentities(pairs));
      }),
    );
  });

  test('of a list, each pair is one, whatever a value of it looks like', () => {
    const pair = `mdm-tlv=device-type=x,mdm-tlv=device-uid=${UID}`;
    expect(vpnClientIdentities([pair, 'coa-push=true'])).toEqual([]);
    expect(vpnClientIdentities([pair])).toEqual([]);
  });

  test('is a handful of identities, however much it says: each is a question to the store', () => {
    const ids = Array.from({ length: 80 }, (_, index) => `${ID.slice(0, -2)}${10 + index}`);
    const pairs = [
      `mdm-tlv=x=${ids.map((id) => `ID:Intune:DeviceID:${id}`).join(',')}`,
      ...ids.map((id) => `mdm-tlv=device-uid=${id}`),
      ...ids.map((_, index) => `mdm-tlv=device-mac=a4-bb-6d-01-02-${10 + index}`),
    ];
    expect(vpnClientIdentities(pairs).length).toBeLessThanOrEqual(16);
    const again = `mdm-tlv=x=ID:Intune:DeviceID:${ID}`;
    expect(vpnClientIdentities([again, again])).toHaveLength(2);
  });

  test('never fails, and its origin shows nothing the client made up', () => {
    const pair = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }).map((text) => `mdm-tlv=${text}=ID:Intune:DeviceID:${ID}`),
    );
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 10 }), (pairs) => {
        for (const { origin } of vpnClientIdentities(pairs)) expect(origin).toMatch(/^mdm-tlv(?:=[a-z0-9-]{1,40})?$/i);
      }),
    );
  });
});
