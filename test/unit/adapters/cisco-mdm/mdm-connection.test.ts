// The address and the account of an MDM server, as operators enter them.

import { describe, expect, test } from 'vitest';
import { basicCredentials, readAddress } from '../../../../shared/adapters/cisco-mdm/mdm-connection.ts';
import { findPreset, MDM_PRESETS } from '../../../../shared/adapters/cisco-mdm/presets/presets.ts';
import { prefixedDeviceId } from '../../../../shared/domain/identity/prefixed-device-id.ts';
import { ConnectorError } from '../../../../shared/errors.ts';

describe('an address', () => {
  test.each([
    ['https://mdm.example', 'https://mdm.example'],
    ['https://MDM.example:8443/', 'https://mdm.example:8443'],
    ['https://mdm.example/instance/', 'https://mdm.example/instance'],
    ['https://mdm.example/ciscoise', 'https://mdm.example'],
    ['https://mdm.example/instance/ciscoise/mdminfo/', 'https://mdm.example/instance'],
  ])('%s is used as %s', (text, address) => {
    expect(readAddress(text, 'url')).toBe(address);
  });

  test.each([
    ['http://mdm.example'],
    ['mdm.example'],
    ['https://user:pass@mdm.example'],
    ['https://mdm.example/?a=b'],
    ['https://mdm.example/#a'],
    ['file:///etc/passwd'],
    [`https://mdm.example/${'a'.repeat(600)}`],
  ])('%s is refused', (text) => {
    expect(() => readAddress(text, 'url')).toThrow(expect.objectContaining({ code: 'NAC_SETTINGS', field: 'url' }));
  });
});

describe('an account', () => {
  const credentials = (username: string, password: string): string => {
    const [preset] = MDM_PRESETS;
    if (preset === undefined) throw new Error('there is no preset');
    return basicCredentials({ name: 'mdm', preset, address: 'https://m', username, password });
  };

  test('is sent as RFC 7617 says, in UTF-8', () => {
    // RFC 7617 2.1.
    expect(credentials('test', '123\u00a3')).toBe('Basic dGVzdDoxMjPCow==');
    // RFC 7617 2.
    expect(credentials('Aladdin', 'open sesame')).toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==');
  });

  test.each([
    ['', 'p'],
    ['a:b', 'p'],
    ['a\nb', 'p'],
    ['a', 'p\r\nX-Evil: 1'],
  ])('%j is refused', (username, password) => {
    expect(() => credentials(username, password)).toThrow(ConnectorError);
  });
});

describe('presets', () => {
  test('have one name each, and are found by it', () => {
    expect(MDM_PRESETS.map(({ name }) => name)).toEqual([
      'meraki-systems-manager',
      'ivanti-neurons',
      'mobileiron-core',
      'generic',
    ]);
    for (const preset of MDM_PRESETS) expect(findPreset(preset.name)).toBe(preset);
    expect(findPreset('jamf')).toBeUndefined();
  });

  test('have the source that certificates with their prefix lead to', () => {
    for (const { certificatePrefix, source, deviceId } of MDM_PRESETS) {
      if (certificatePrefix === undefined) continue;
      const id = deviceId.test('564797') ? '564797' : '1759c0fd-c8da-49e8-b14f-19d85acfacea';
      expect(prefixedDeviceId(`${certificatePrefix}${id}`)).toEqual({ source, deviceId: id });
    }
  });

  test('know the form of their ids', () => {
    const guid = '1759c0fd-c8da-49e8-b14f-19d85acfacea';
    const accepts = (id: string): readonly string[] =>
      MDM_PRESETS.filter(({ deviceId }) => deviceId.test(id)).map(({ name }) => name);
    expect(accepts('564797')).toEqual(['meraki-systems-manager', 'generic']);
    expect(accepts(guid)).toEqual(['ivanti-neurons', 'mobileiron-core', 'generic']);
    expect(accepts('../admin')).toEqual([]);
  });
});
