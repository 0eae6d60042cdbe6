// The body of POST /api/lookup: attributes in every form, and wrong ones.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RequestError } from '../../../shared/errors.ts';
import { readAccessRequest } from '../../../shared/lookup/read-access-request.ts';
import { cheapValue } from '../../support/cheap-value.ts';

const read = (body: unknown) => readAccessRequest(JSON.stringify(body));

function refusal(body: string): RequestError {
  try {
    readAccessRequest(body);
  } catch (thrown) {
    if (thrown instanceof RequestError) return thrown;
    throw thrown;
  }
  throw new Error('the request was accepted');
}

/** What rlm_rest's jsonquote makes of a text: one character per byte of its UTF-8. */
const asFreeRadiusSendsIt = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

describe('how the station proved who it is', () => {
  test.each([
    ['mab', 'the NAS says Call-Check', { serviceType: 'Call-Check', userName: 'a0b1c2d3e4f5' }],
    ['mab', 'the NAS says Call-Check by number', { serviceType: '10' }],
    ['eap-tls', 'there is a certificate', { certificate: { subject: '/CN=x' } }],
    ['eap-tls', 'the EAP type says so, after a resumed session', { eapType: 'TLS' }],
    ['eap-tls', 'the EAP type says so in long', { eapType: 'EAP-TLS', serviceType: 'Framed-User' }],
    ['none', 'it is another EAP method', { eapType: 'PEAP' }],
    ['none', 'it is EAP-MD5 inside what calls itself Call-Check', { eapType: 'MD5', serviceType: 'Call-Check' }],
    ['none', 'it is a login with a password', { userName: 'alice', serviceType: 'Login-User' }],
    ['none', 'nothing is said', {}],
  ])('is %s when %s', (method, _when, body) => {
    expect(read(body).method).toBe(method);
  });

  test.each(['mab', 'eap-tls', 'site', 'none'])('is what the asking server says, if it says so: %s', (method) => {
    expect(read({ method, serviceType: 'Call-Check', eapType: 'PEAP' }).method).toBe(method);
  });

  test('is found from the attributes when the method is empty text', () => {
    expect(read({ method: '', serviceType: 'Call-Check' }).method).toBe('mab');
  });

  test.each(['MAB', 'peap', 1, true, ['mab']])('%j is no method', (method) => {
    expect(refusal(JSON.stringify({ method }))).toMatchObject({
      status: 400,
      code: 'NAC_REQUEST_FIELD',
      field: 'method',
    });
  });
});

describe('the attributes', () => {
  test('are taken as they are; unknown ones are left aside', () => {
    const body = {
      method: 'site',
      userName: 'alice',
      callingStationId: 'A0-B1-C2-D3-E4-F5',
      calledStationId: '00-11-22-33-44-55:corp',
      nasIpAddress: '10.1.1.1',
      nasIpv6Address: '2001:db8::1',
      nasIdentifier: 'ap1',
      nasPortId: 'Gi1/0/7',
      nasPortType: 'Ethernet',
      serviceType: 'Framed-User',
      packetSourceIp: '10.1.1.2',
      acctSessionId: '0000000A',
      eapType: 'PEAP',
    };
    expect(read({ ...body, userPassword: 'secret' })).toEqual(body);
  });

  test('that are empty text or null are absent, as FreeRADIUS sends what it does not have', () => {
    const names = { subjectAltName: '', sanUri: '', sanDns: [], commonName: null };
    const body = { userName: '', callingStationId: null, eapType: '', certificate: names };
    expect(read(body)).toEqual({ method: 'none' });
  });

  test.each([
    ['userName', { userName: 1 }],
    ['callingStationId', { callingStationId: ['a0b1c2d3e4f5'] }],
    ['nasPortId', { nasPortId: { type: 'string', value: ['7'] } }],
    ['eapType', { eapType: true }],
    ['certificate', { certificate: 'x' }],
    ['certificate', { certificate: ['x'] }],
    ['certificate.subject', { certificate: { subject: 7 } }],
    ['certificate.sanUri', { certificate: { sanUri: [7] } }],
    ['certificate.sanDns', { certificate: { sanDns: { 0: 'x' } } }],
    ['userName', { userName: 'x'.repeat(8193) }],
    ['certificate.sanDns', { certificate: { sanDns: Array(101).fill('x') } }],
  ])('of a wrong type or size are refused by name: %s', (field, body) => {
    const error = refusal(JSON.stringify(body));
    expect(error).toMatchObject({ status: 400, code: 'NAC_REQUEST_FIELD', field });
    expect(error.message).toContain(field);
    expect(error.action).not.toBe('');
  });
});

describe('the body', () => {
  test.each(['', 'userName=alice', '{"userName":"alice"', '<html>', '{"userName":"a\nb"}'])(
    '"%s" is not JSON',
    (body) => {
      expect(refusal(body)).toMatchObject({ status: 400, code: 'NAC_REQUEST_NOT_JSON', field: 'body' });
    },
  );

  test.each(['null', '[]', '"text"', '7', 'true'])('%s is not an object', (body) => {
    expect(refusal(body)).toMatchObject({ status: 400, code: 'NAC_REQUEST_FIELD', field: 'body' });
  });

  test('of more than 65,536 characters is too large, of exactly as many it is not', () => {
    const ofSize = (size: number): string => `{"x":"${'y'.repeat(size - 8)}"}`;
    expect(readAccessRequest(ofSize(65_536)).method).toBe('none');
    expect(refusal(ofSize(65_537))).toMatchObject({ status: 413, code: 'NAC_REQUEST_TOO_LARGE' });
  });
});

describe('names that are not plain ASCII', () => {
  test('arrive from FreeRADIUS as they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (userName) => {
        expect(read({ userName: asFreeRadiusSendsIt(userName) }).userName).toBe(userName);
      }),
    );
  });

  test('arrive from FreeRADIUS as they were within a certificate, too', () => {
    const certificate = {
      subject: asFreeRadiusSendsIt('/CN=Zürich'),
      sanUpn: [asFreeRadiusSendsIt('jürgen@contoso.com')],
    };
    expect(read({ certificate }).certificate).toEqual({ subject: '/CN=Zürich', sanUpn: ['jürgen@contoso.com'] });
  });

  test.each(['Zürich', 'Müller', 'Žižkov', '東京', 'Zürich ✓', 'naïve Ãœ€', '😀'])(
    'are left alone when the server sent proper JSON: %s',
    (userName) => {
      expect(read({ userName }).userName).toBe(userName);
    },
  );

  test('with half a character are made whole text, so that they can be stored', () => {
    expect(readAccessRequest('{"userName":"a\\ud800b"}').userName?.isWellFormed()).toBe(true);
  });
});

describe('the names of a certificate', () => {
  test('may come one by one or as one text', () => {
    const asText = read({ certificate: { sanUri: 'IntuneDeviceId://x', sanDns: 'lt-0042' } });
    const asList = read({ certificate: { sanUri: ['IntuneDeviceId://x'], sanDns: ['lt-0042', '', null] } });
    expect(asText.certificate).toEqual({ sanUri: ['IntuneDeviceId://x'], sanDns: ['lt-0042'] });
    expect(asList.certificate).toEqual(asText.certificate);
  });

  test('are all kept', () => {
    const certificate = {
      subjectAltName: 'URI:x, DNS:y',
      sanUri: ['x', 'z'],
      sanDns: ['y'],
      sanEmail: ['a@contoso.com'],
      sanUpn: ['a@contoso.com'],
      commonName: 'cn',
      subject: '/CN=cn',
      issuer: '/CN=ca',
      serial: '7cf9aa1f',
      notAfter: '261220200246Z',
    };
    expect(read({ certificate }).certificate).toEqual(certificate);
  });
});

describe('Cisco-AVPairs', () => {
  const pair = 'mdm-tlv=device-type=x,ssid=Corp,audit-session-id=0A0101010000';

  test('in a list are what they are, though there is one only: a client writes a part of it', () => {
    const request = read({ ciscoAvPairs: [pair, ''] });
    expect(request.ciscoAvPairs).toEqual([pair]);
    expect(request).not.toHaveProperty('ssids');
  });

  test('in a text are separated where a pair begins', () => {
    const request = read({ ciscoAvPairs: pair });
    expect(request.ciscoAvPairs).toEqual(['mdm-tlv=device-type=x', 'ssid=Corp', 'audit-session-id=0A0101010000']);
    expect(request.ssids).toEqual(['Corp']);
  });
});

describe('what the server could not pass on whole', () => {
  test('does not count, even if a part of it was sent', () => {
    const request = read({
      userName: 'host/NAC-00001',
      callingStationId: 'A0-B1-C2-D3-E4-F5',
      cut: 'userName, calledStationId',
    });
    expect(request).not.toHaveProperty('userName');
    expect(request).toMatchObject({ callingStationId: 'A0-B1-C2-D3-E4-F5', cut: ['userName', 'calledStationId'] });
  });

  test.each(['certificate', 'certificate.sanDns', 'certificate.subjectAltName', 'certificate.commonName'])(
    'leaves a certificate without any name: %s',
    (field) => {
      const certificate = { commonName: 'cn', sanDns: ['a'], subjectAltName: 'DNS:a', issuer: '/CN=ca', serial: '7c' };
      expect(read({ certificate, cut: [field] }).certificate).toEqual({ issuer: '/CN=ca', serial: '7c', cut: true });
    },
  );

  test('leaves a certificate without the issuer and the serial number that were cut', () => {
    const certificate = { commonName: 'cn', issuer: '/CN=c', serial: '7c' };
    expect(read({ certificate, cut: ['certificate.issuer'] }).certificate).toEqual({ commonName: 'cn', serial: '7c' });
    expect(read({ certificate, cut: ['certificate.serial'] }).certificate).toEqual({
      commonName: 'cn',
      issuer: '/CN=c',
    });
  });

  test('is no MAB where EAP was spoken, whatever its type', () => {
    const asked = { serviceType: 'Call-Check', eapType: 'PE' };
    expect(read({ ...asked, cut: 'eapType' }).method).toBe('none');
    expect(read({ ...asked, eapType: '' }).method).toBe('mab');
  });

  test.each(['switch-1', '10.1.2', '10.1.2.3/24', 'fe80::zz'])(
    'includes an address that is none: %s',
    (nasIpAddress) => {
      const request = read({ nasIpAddress, packetSourceIp: '192.0.2.9' });
      expect(request).toMatchObject({ packetSourceIp: '192.0.2.9', cut: ['nasIpAddress'] });
      expect(request).not.toHaveProperty('nasIpAddress');
    },
  );

  test.each(['0.0.0.0', '::', '10.1.2.3', '::ffff:10.1.2.3', 'fe80::1%eth0', ''])(
    'does not include the address %s',
    (nasIpAddress) => {
      expect(read({ nasIpAddress })).not.toHaveProperty('cut');
    },
  );

  test('is a list or a text of names, and not a long one', () => {
    expect(read({ cut: '' })).not.toHaveProperty('cut');
    expect(() => read({ cut: Array.from({ length: 41 }, (_, n) => `x${n}`) })).toThrow(/cut/);
  });
});

test('no body makes it fail with anything but a refusal that names a code', () => {
  const field = fc.constantFrom('method', 'userName', 'callingStationId', 'eapType', 'certificate', '__proto__', 'x');
  const name = fc.constantFrom('sanUri', 'sanDns', 'subjectAltName', 'serial', 'toString');
  const hostile = fc.dictionary(field, fc.oneof(cheapValue, fc.dictionary(name, cheapValue, { maxKeys: 3 })), {
    maxKeys: 5,
  });
  const body = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.json({ maxDepth: 1 }),
    hostile.map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(body, (text) => {
      try {
        expect(['mab', 'eap-tls', 'site', 'none']).toContain(readAccessRequest(text).method);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(RequestError);
        expect((thrown as RequestError).code).toMatch(/^NAC_REQUEST_/);
      }
    }),
    { numRuns: 10_000 },
  );
});
