// The packets that each NAS profile makes of a job.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ExtraIdentification, NasFacts } from '../../../../relay/profiles/nas-profile.ts';
import { EXTRA_IDENTIFICATION } from '../../../../relay/profiles/nas-profile.ts';
import { NAS_PROFILES } from '../../../../relay/profiles/nas-profiles.ts';
import type { CoaAction, CoaNas, CoaSession } from '../../../../shared/domain/coa-job.ts';
import { encodeRequest } from '../../../support/encode-request.ts';

const SESSION: CoaSession = {
  userName: 'host/laptop',
  callingStationId: '00-11-22-33-44-55',
  calledStationId: '66-77-88-99-AA-BB:corp',
  acctSessionId: '0000002A',
  acctMultiSessionId: 'm-1',
  auditSessionId: '0A0A0A0A0000001234567890',
  framedIpAddress: '198.51.100.7',
  nasPort: 50_101,
  nasPortId: 'GigabitEthernet1/0/1',
};
const NAS: CoaNas = { nasIpAddress: '192.0.2.10', nasIpv6Address: '2001:db8::10', nasIdentifier: 'switch-1' };

function ask(
  name: string,
  action: CoaAction,
  session: CoaSession = SESSION,
  alsoIdentifyBy: ExtraIdentification[] = [],
) {
  const profile = NAS_PROFILES.get(name);
  if (profile === undefined) throw new Error(`No profile ${name}`);
  return profile.request({ action, session, nas: NAS }, { alsoIdentifyBy });
}

test('the profiles, their names and ports', () => {
  expect([...NAS_PROFILES].map(([key, { name, defaultPort }]) => [key, name, defaultPort])).toEqual([
    ['generic-rfc5176', 'generic-rfc5176', 3799],
    ['cisco-ios', 'cisco-ios', 1700],
  ]);
  for (const { description } of NAS_PROFILES.values()) expect(description).toMatch(/^\S.{20,}\.$/);
});

describe('generic-rfc5176', () => {
  test.each(['reauthenticate', 'disconnect'] as const)('%s ends the session', (action) => {
    expect(ask('generic-rfc5176', action)).toEqual({
      possible: true,
      request: {
        packet: 'Disconnect-Request',
        attributes: [
          ['Acct-Session-Id', '0000002A'],
          ['Calling-Station-Id', '00-11-22-33-44-55'],
        ],
      },
    });
  });

  test.each<[CoaSession, string]>([
    [{ acctSessionId: 'a' }, 'Acct-Session-Id'],
    [{ callingStationId: 'b' }, 'Calling-Station-Id'],
    [{ acctSessionId: '', callingStationId: 'b' }, 'Calling-Station-Id'],
  ])('one identifier is enough: %j', (session, name) => {
    expect(ask('generic-rfc5176', 'disconnect', session)).toMatchObject({
      possible: true,
      request: { attributes: [[name, expect.anything()]] },
    });
  });

  test('a user name, port or address alone is not enough: it would hit other sessions too', () => {
    const { callingStationId: _mac, acctSessionId: _id, ...session } = SESSION;
    expect(ask('generic-rfc5176', 'disconnect', session, ['User-Name', 'NAS-Port'])).toEqual({
      possible: false,
      missing: ['Acct-Session-Id', 'Calling-Station-Id'],
      reason:
        'The session has no Acct-Session-Id and no Calling-Station-Id, so the NAS cannot tell which one is meant.',
    });
  });
});

describe('cisco-ios', () => {
  test('reauthenticate', () => {
    expect(ask('cisco-ios', 'reauthenticate')).toEqual({
      possible: true,
      request: {
        packet: 'CoA-Request',
        attributes: [
          ['Calling-Station-Id', '00-11-22-33-44-55'],
          ['Cisco-AVPair', 'audit-session-id=0A0A0A0A0000001234567890'],
          ['Cisco-AVPair', 'subscriber:command=reauthenticate'],
          ['Cisco-AVPair', 'subscriber:reauthenticate-type=last'],
        ],
      },
    });
  });

  test('disconnect', () => {
    expect(ask('cisco-ios', 'disconnect')).toEqual({
      possible: true,
      request: {
        packet: 'Disconnect-Request',
        attributes: [
          ['Calling-Station-Id', '00-11-22-33-44-55'],
          ['Cisco-AVPair', 'audit-session-id=0A0A0A0A0000001234567890'],
        ],
      },
    });
  });

  test.each<[CoaSession, unknown[]]>([
    [{ callingStationId: 'm', acctSessionId: 'a' }, [['Calling-Station-Id', 'm']]],
    [{ auditSessionId: 's', acctSessionId: 'a' }, [['Cisco-AVPair', 'audit-session-id=s']]],
    [{ acctSessionId: 'a' }, [['Acct-Session-Id', 'a']]],
  ])('as few identifiers as possible: %j', (session, attributes) => {
    expect(ask('cisco-ios', 'disconnect', session)).toMatchObject({ request: { attributes } });
  });

  test('no identifier', () => {
    expect(ask('cisco-ios', 'reauthenticate', { userName: 'alice' })).toMatchObject({
      possible: false,
      missing: ['Calling-Station-Id', 'audit-session-id', 'Acct-Session-Id'],
    });
  });

  test('an audit-session-id that does not fit in an attribute', () => {
    expect(ask('cisco-ios', 'reauthenticate', { auditSessionId: 'x'.repeat(231) })).toEqual({
      possible: false,
      missing: ['Cisco-AVPair'],
      reason: 'Cisco-AVPair cannot be sent: it is longer than 247 octets.',
    });
  });
});

describe('attributes the NAS wants in addition', () => {
  test('all of them, before the command, none twice', () => {
    const answer = ask('cisco-ios', 'reauthenticate', SESSION, [...EXTRA_IDENTIFICATION, 'User-Name']);
    expect(answer).toMatchObject({
      request: {
        attributes: [
          ['Calling-Station-Id', '00-11-22-33-44-55'],
          ['Cisco-AVPair', 'audit-session-id=0A0A0A0A0000001234567890'],
          ['User-Name', 'host/laptop'],
          ['NAS-IP-Address', '192.0.2.10'],
          ['NAS-IPv6-Address', '2001:db8::10'],
          ['NAS-Identifier', 'switch-1'],
          ['NAS-Port', 50_101],
          ['NAS-Port-Id', 'GigabitEthernet1/0/1'],
          ['Called-Station-Id', '66-77-88-99-AA-BB:corp'],
          ['Acct-Session-Id', '0000002A'],
          ['Acct-Multi-Session-Id', 'm-1'],
          ['Framed-IP-Address', '198.51.100.7'],
          ['Cisco-AVPair', 'subscriber:command=reauthenticate'],
          ['Cisco-AVPair', 'subscriber:reauthenticate-type=last'],
        ],
      },
    });
  });

  test('one that identifies already is not repeated', () => {
    expect(ask('generic-rfc5176', 'disconnect', SESSION, ['Acct-Session-Id'])).toMatchObject({
      request: { attributes: { length: 2 } },
    });
  });

  test('those the session lacks are named', () => {
    const session = { callingStationId: 'm' };
    expect(ask('generic-rfc5176', 'disconnect', session, ['User-Name', 'NAS-IP-Address', 'NAS-Port'])).toEqual({
      possible: false,
      missing: ['User-Name', 'NAS-Port'],
      reason: 'This NAS is to be sent User-Name and NAS-Port, which the session does not have.',
    });
  });

  test('a value of the wrong form is named, never shown', () => {
    const session = { callingStationId: 'm', framedIpAddress: 'not-an-address' };
    expect(ask('generic-rfc5176', 'disconnect', session, ['Framed-IP-Address'])).toEqual({
      possible: false,
      missing: ['Framed-IP-Address'],
      reason: 'Framed-IP-Address cannot be sent: it is not an IPv4 address.',
    });
  });
});

test('whatever a job holds, a profile gives a request that can be encoded or a reason', () => {
  const anything = fc.oneof(fc.string({ maxLength: 300 }), fc.integer(), fc.constant(null));
  const record = (keys: readonly string[]) =>
    fc.record(Object.fromEntries(keys.map((key) => [key, anything])), { requiredKeys: [] });
  fc.assert(
    fc.property(
      fc.constantFrom(...NAS_PROFILES.values()),
      fc.constantFrom<CoaAction>('reauthenticate', 'disconnect'),
      record(Object.keys(SESSION)),
      record(Object.keys(NAS)),
      fc.subarray([...EXTRA_IDENTIFICATION]),
      (profile, action, session, nas, alsoIdentifyBy) => {
        const answer = profile.request(
          { action, session: session as CoaSession, nas: nas as CoaNas },
          { alsoIdentifyBy },
        );
        if (!answer.possible) {
          expect(answer.reason).toMatch(/\.$/);
          return;
        }
        expect(encodeRequest({ ...answer.request, identifier: 0, secret: Buffer.from('s') }).length).toBeGreaterThan(
          38,
        );
      },
    ),
    { numRuns: 10_000 },
  );
});

describe('what the entry of a NAS adds and leaves out', () => {
  const profileOf = (name: string) => {
    const profile = NAS_PROFILES.get(name);
    if (profile === undefined) throw new Error(`No profile ${name}`);
    return profile;
  };
  const job = { action: 'disconnect', session: SESSION, nas: NAS } as const;
  const octets = (name: string, facts: NasFacts, action: CoaAction = 'disconnect') => {
    const answer = profileOf(name).request({ ...job, action }, facts);
    if (!answer.possible) throw new Error(answer.reason);
    return encodeRequest({ ...answer.request, identifier: 1, secret: Buffer.from('secret') }).toString('hex');
  };

  test.each(['generic-rfc5176', 'cisco-ios'])('Service-Type by its value, in a Disconnect-Request too: %s', (name) => {
    const send = [{ label: 'Service-Type', type: 6, kind: 'integer', value: 1 }] as const;
    for (const action of ['disconnect', 'reauthenticate'] as const) {
      expect(octets(name, { send }, action)).toContain('060600000001');
      expect(octets(name, {}, action)).not.toContain('0606');
    }
  });

  test('an attribute of any vendor', () => {
    const send = [{ label: 'vendor 6027 type 1', type: 1, vendor: 6027, kind: 'text', value: 'bye' }] as const;
    expect(octets('generic-rfc5176', { send })).toContain(`1a0b0000178b0105${Buffer.from('bye').toString('hex')}`);
  });

  test('a value of the entry takes the place of the one of the session', () => {
    const send = [{ label: 'User-Name', type: 1, kind: 'text', value: 'any' }] as const;
    const sent = octets('generic-rfc5176', { send, alsoIdentifyBy: ['User-Name'] });
    expect(sent).toContain(`0105${Buffer.from('any').toString('hex')}`);
    expect(sent).not.toContain(Buffer.from('host/laptop').toString('hex'));
  });

  test('what it must not get is left out, and a session that can be named by nothing else is not possible', () => {
    const without = octets('generic-rfc5176', { omit: ['Calling-Station-Id'] });
    expect(without).not.toContain(Buffer.from('00-11-22-33-44-55').toString('hex'));
    expect(without).toContain(Buffer.from('0000002A').toString('hex'));
    const session = { callingStationId: '00-11-22-33-44-55' };
    const answer = profileOf('generic-rfc5176').request({ ...job, session }, { omit: ['Calling-Station-Id'] });
    expect(answer.possible).toBe(false);
  });
});
