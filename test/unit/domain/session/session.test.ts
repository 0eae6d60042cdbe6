// The id of a session: one station at one place of one site.

import { describe, expect, test } from 'vitest';
import type { AccessRequest } from '../../../../shared/domain/identity/access-request.ts';
import { credentialKey } from '../../../../shared/domain/identity/credential.ts';
import { presentedIdentities } from '../../../../shared/domain/identity/presented-identities.ts';
import { sessionBeforeAnswer } from '../../../../shared/domain/session/session.ts';
import { sessionId, stationId } from '../../../../shared/domain/session/session-id.ts';

/** Who asks; every site has a key of its own. */
function asker(site: string) {
  return { name: 'radius-1', site, sessionKey: `key of ${site}` };
}

function ask(fields: Omit<AccessRequest, 'method'>): AccessRequest {
  return { method: 'site', ...fields };
}

const station = ask({ callingStationId: 'A0-B1-C2-D3-E4-F5', userName: 'alice', nasIpAddress: '10.1.1.1' });

function asksFirst(site: string, request: AccessRequest) {
  return sessionBeforeAnswer(asker(site), request, presentedIdentities(request), sessionId(asker(site), request));
}

describe('a session is one station at one place of one site', () => {
  test('its id is twenty hexadecimal digits', () => {
    expect(sessionId(asker('berlin'), station)).toMatch(/^[0-9a-f]{20}$/);
  });

  test('however the access point writes the address', () => {
    for (const callingStationId of ['a0b1c2d3e4f5', 'a0:b1:c2:d3:e4:f5', 'a0b1.c2d3.e4f5']) {
      const written = { ...station, callingStationId };
      expect(sessionId(asker('berlin'), written)).toBe(sessionId(asker('berlin'), station));
    }
  });

  test('in accounting that names the station by User-Name alone, in any notation', () => {
    for (const userName of ['a0b1c2d3e4f5', 'A0-B1-C2-D3-E4-F5', 'a0b1.c2d3.e4f5']) {
      const record = { userName, nasIpAddress: '10.1.1.1' };
      expect(sessionId(asker('berlin'), record)).toBe(sessionId(asker('berlin'), station));
    }
  });

  test('at another NAS it is another session of the same station, whatever user is at it', () => {
    const moved = ask({ callingStationId: 'a0b1c2d3e4f5', userName: 'bob', nasIpAddress: '10.1.1.2' });
    expect(sessionId(asker('berlin'), moved)).not.toBe(sessionId(asker('berlin'), station));
    expect(stationId(asker('berlin'), moved)).toBe(stationId(asker('berlin'), station));
    expect(sessionId(asker('berlin'), moved).slice(0, 14)).toBe(stationId(asker('berlin'), station));
  });

  test.each([
    ['Ethernet', false],
    ['Virtual', false],
    [undefined, false],
    ['Wireless-802.11', true],
    ['wireless-other', true],
  ])('at another port of type %s of the same NAS it is the same session: %s', (nasPortType, same) => {
    const at = (nasPortId: string) => ({ ...station, ...(nasPortType && { nasPortType }), nasPortId });
    const [one, other] = [sessionId(asker('berlin'), at('7')), sessionId(asker('berlin'), at('8'))];
    expect(one === other).toBe(same);
  });

  test('a NAS is known by its IPv4 address, else its IPv6 address, else its name, else where packets come from', () => {
    const names = {
      nasIpAddress: '10.1.1.1',
      nasIpv6Address: '2001:db8::1',
      nasIdentifier: 'a',
      packetSourceIp: '::1',
    };
    const { nasIpAddress, nasIpv6Address, nasIdentifier, packetSourceIp } = names;
    const idAt = (nas: object): string => sessionId(asker('berlin'), { callingStationId: 'a0b1c2d3e4f5', ...nas });
    expect(idAt(names)).toBe(idAt({ nasIpAddress, nasIdentifier }));
    expect(idAt({ nasIpv6Address, nasIdentifier, packetSourceIp })).toBe(idAt({ nasIpv6Address, nasIdentifier }));
    expect(idAt({ nasIdentifier, packetSourceIp })).toBe(idAt({ nasIdentifier }));
    expect(idAt({ nasIpAddress, nasIdentifier: 'b' }), 'two with one address').not.toBe(idAt(names));
    const ids = [{ nasIpAddress }, { nasIpv6Address }, { nasIdentifier }, { packetSourceIp }].map(idAt);
    expect(new Set(ids).size).toBe(4);
  });

  test('another site, another session', () => {
    expect(sessionId(asker('hamburg'), station)).not.toBe(sessionId(asker('berlin'), station));
  });

  test('random addresses tell stations apart although they find no device', () => {
    const one = sessionId(asker('berlin'), ask({ callingStationId: 'd2b1c2d3e4f5' }));
    const other = sessionId(asker('berlin'), ask({ callingStationId: 'd2b1c2d3e4f6' }));
    expect(one).not.toBe(other);
  });

  test('site and station do not run into each other', () => {
    expect(sessionId(asker('a'), ask({ userName: 'bc' }))).not.toBe(sessionId(asker('ab'), ask({ userName: 'c' })));
  });

  test('without an address the user name tells stations apart, then the certificate', () => {
    const ids = [
      ask({ userName: 'alice' }),
      ask({ userName: 'bob' }),
      ask({ certificate: { serial: '7cf9aa1f' } }),
      ask({ certificate: { serial: '7cf9aa20' } }),
    ].map((request) => sessionId(asker('vpn'), request));
    expect(new Set(ids).size).toBe(4);
  });

  test('two VPN users behind one public IP address are two sessions', () => {
    const one = sessionId(asker('vpn'), ask({ callingStationId: '198.51.100.7', userName: 'alice' }));
    const other = sessionId(asker('vpn'), ask({ callingStationId: '198.51.100.7', userName: 'bob' }));
    expect(one).not.toBe(other);
  });
});

test('one VPN user with two devices has two sessions, each the same at its next login and in accounting', () => {
  const laptop = ask({ callingStationId: '198.51.100.7', userName: 'alice' });
  const phone = ask({ callingStationId: '203.0.113.9', userName: 'alice' });
  expect(sessionId(asker('vpn'), laptop)).not.toBe(sessionId(asker('vpn'), phone));
  expect(sessionId(asker('vpn'), { ...laptop, acctSessionId: '0000000A' })).toBe(sessionId(asker('vpn'), laptop));
});

test('a new session leaves out what no RADIUS attribute can hold, 253 octets of UTF-8', () => {
  const [longest, longer] = ['é'.repeat(126), 'é'.repeat(127)];
  const request = ask({ userName: longer, nasIdentifier: longest, nasPortId: longer });
  const session = asksFirst('vpn', request);
  expect([session.userName, session.nasIdentifier, session.nasPortId]).toEqual([undefined, longest, undefined]);
});

test('a new session remembers station, place and credential, and leaves out what was not said', () => {
  expect(asksFirst('berlin', station)).toEqual({
    id: sessionId(asker('berlin'), station),
    site: 'berlin',
    method: 'site',
    client: 'radius-1',
    credential: credentialKey(station),
    mac: 'a0b1c2d3e4f5',
    userName: 'alice',
    nasIpAddress: '10.1.1.1',
    presented: presentedIdentities(station),
  });
});

test.each([
  ['a pair of its own', ['mdm-tlv=device-mac=00-0c-29-74-9d-e8', 'audit-session-id=0A010101000010005F6E4B2A'], true],
  ['the only pair, in which the client wrote it', ['mdm-tlv=x=y,audit-session-id=0A010101000010005F6E4B2A'], false],
  ['a value that the client chose', ['mdm-tlv=x=a,audit-session-id=0A010101000010005F6E4B2A', 'method=dot1x'], false],
])('the audit-session-id is read from %s: %j', (_where, ciscoAvPairs, found) => {
  const request: AccessRequest = { method: 'site', userName: 'alice', ciscoAvPairs };
  const session = asksFirst('berlin', request);
  expect(session.auditSessionId).toBe(found ? '0A010101000010005F6E4B2A' : undefined);
});
