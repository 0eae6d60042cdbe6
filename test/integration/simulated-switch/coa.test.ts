// CoA to the simulated switch, from the sender of the relay and from datagrams of the tests' own making.

import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readCoaRequest } from '../../../local/simulated-switch/read-coa-request.ts';
import { ciscoIos } from '../../../relay/profiles/cisco-ios.ts';
import { genericRfc5176 } from '../../../relay/profiles/generic-rfc5176.ts';
import type { Attribute } from '../../../relay/radius/attribute-table.ts';
import type { CoaRequest } from '../../../relay/radius/encode-request.ts';
import { verifyAnswer } from '../../../relay/radius/verify-answer.ts';
import {
  account,
  attribute,
  BAD,
  byProfile,
  coa,
  connected,
  control,
  disconnect,
  encoded,
  events,
  exchange,
  GOOD,
  happened,
  nas,
  patient,
  quick,
  REAUTHENTICATE,
  REPLIES,
  records,
  SECRET_OCTETS,
  STATION,
  type StubReply,
  signed,
  startOtherSwitch,
  target,
  until,
  useSwitch,
} from './switch-site.ts';

useSwitch();

describe('CoA', () => {
  test('reauthenticate is acknowledged, then the lookup decides again', async () => {
    const before = await connected();
    REPLIES.lookup = { status: 200, body: BAD };
    const result = await patient.send(target(), byProfile(ciscoIos, 'reauthenticate', before));
    expect(result).toMatchObject({ kind: 'ack', transmissions: 1, discarded: {} });
    expect(await happened('reauthenticated')).toMatchObject({ mac: STATION, role: 'quarantine', vlan: '99' });
    expect(nas.sessions()).toEqual([
      { ...before, role: 'quarantine', vlan: '99', sessionTimeoutSeconds: 600, class: 'decision-2' },
    ]);
    expect(records('/api/lookup')).toHaveLength(2);
    expect(records('/api/lookup')[1]).toEqual(records('/api/lookup')[0]);
    expect(account()).toEqual([
      `Start ${before.acctSessionId} decision-1`,
      `Interim-Update ${before.acctSessionId} decision-2`,
    ]);
    expect(events.map(({ event }) => event)).toEqual(['connected', 'coa-received', 'coa-answered', 'reauthenticated']);
    expect(nas.stats()).toEqual({
      sessions: 1,
      coa: { received: 1, acknowledged: 1, refused: 0, repeated: 0, discarded: {} },
    });
    expect((await control('GET', '/stats')).json).toEqual(nas.stats());
  });

  test('a deny at reauthentication ends the session', async () => {
    const { acctSessionId } = await connected();
    REPLIES.lookup = { status: 200, body: 'deny' };
    await patient.send(target(), coa(['Acct-Session-Id', acctSessionId], REAUTHENTICATE));
    await happened('disconnected');
    expect(nas.sessions()).toEqual([]);
    expect(account().at(-1)).toBe(`Stop ${acctSessionId} decision-1`);
    expect(events.map(({ event }) => event).slice(-2)).toEqual(['rejected', 'disconnected']);
  });

  test('without an answer at reauthentication the session stays as it is', async () => {
    const before = await connected();
    REPLIES.lookup = { status: 503, body: '' };
    await patient.send(target(), coa(['Acct-Session-Id', before.acctSessionId], REAUTHENTICATE));
    await happened('lookup-failed');
    expect(nas.sessions()).toEqual([before]);
  });

  test('without an answer at reauthentication it is tried again where that is wanted, until there is one', async () => {
    await startOtherSwitch({ lookupRetryMs: 1 });
    const { acctSessionId } = await connected();
    REPLIES.lookup = { status: 503, body: '' };
    await patient.send(target(), coa(['Acct-Session-Id', acctSessionId], REAUTHENTICATE));
    await happened('lookup-failed');
    REPLIES.lookup = { status: 200, body: BAD };
    expect(await happened('reauthenticated')).toMatchObject({ role: 'quarantine' });
  });

  test.each([ciscoIos, genericRfc5176])(
    'Disconnect by profile $name is acknowledged, ends the session, and the station comes back',
    async (profile) => {
      const before = await connected();
      events.length = 0;
      REPLIES.lookup = { status: 200, body: BAD };
      const result = await patient.send(target(), byProfile(profile, 'disconnect', before));
      expect(result).toMatchObject({ kind: 'ack', transmissions: 1, discarded: {} });
      expect(await happened('connected')).toMatchObject({ mac: STATION, role: 'quarantine', port: 'Gi1/0/7' });
      const [after] = nas.sessions();
      expect(after?.acctSessionId).not.toBe(before.acctSessionId);
      expect(account()).toEqual([
        `Start ${before.acctSessionId} decision-1`,
        `Stop ${before.acctSessionId} decision-1`,
        `Start ${after?.acctSessionId} decision-2`,
      ]);
      expect(events.map(({ event }) => event)).toEqual(['coa-received', 'coa-answered', 'disconnected', 'connected']);
    },
  );

  test('an answer for a session that has ended meanwhile changes nothing, and no other station waits for it', async () => {
    const before = await connected();
    const late = Promise.withResolvers<StubReply>();
    REPLIES.lookup = late.promise;
    await patient.send(target(), coa(['Acct-Session-Id', before.acctSessionId], REAUTHENTICATE));
    await until(() => records('/api/lookup').length === 2);
    REPLIES.lookup = { status: 200, body: GOOD };
    const other = await connected('00-11-22-33-44-55');
    await patient.send(target(), disconnect(['Acct-Session-Id', before.acctSessionId]));
    expect(nas.sessions()).toEqual([other]);
    events.length = 0;
    late.resolve({ status: 200, body: BAD });
    await happened('connected');
    const after = nas.sessions().find(({ callingStationId }) => callingStationId === STATION);
    expect(after?.role).toBe('staff');
    expect(account()).toEqual([
      `Start ${before.acctSessionId} decision-1`,
      `Start ${other.acctSessionId} decision-1`,
      `Stop ${before.acctSessionId} decision-1`,
      `Start ${after?.acctSessionId} decision-1`,
    ]);
  });

  test('a station that is denied on its way back stays away', async () => {
    const { acctSessionId } = await connected();
    REPLIES.lookup = { status: 200, body: 'deny' };
    await patient.send(target(), disconnect(['Acct-Session-Id', acctSessionId]));
    await happened('rejected');
    expect(nas.sessions()).toEqual([]);
  });

  test('whatever names the session right is accepted', async () => {
    const { auditSessionId, acctSessionId } = await connected();
    const rightly: Attribute[] = [
      ['User-Name', 'a4bb6d010203'],
      ['NAS-IP-Address', '127.0.0.1'],
      ['NAS-Identifier', 'switch-1'],
      ['NAS-Port', 50_107],
      ['NAS-Port-Id', 'Gi1/0/7'],
      ['Calling-Station-Id', 'a4:bb:6d:01:02:03'],
      ['Acct-Session-Id', acctSessionId],
      ['Cisco-AVPair', `audit-session-id=${auditSessionId}`],
      ['Cisco-AVPair', 'subscriber:reauthenticate-type=rerun'],
    ];
    expect(await patient.send(target(), coa(...rightly, REAUTHENTICATE))).toMatchObject({ kind: 'ack' });
    await happened('reauthenticated');
  });

  const HERE: Attribute = ['Calling-Station-Id', STATION];
  test.each<[string, CoaRequest, number]>([
    ['no such station', coa(['Calling-Station-Id', '00-11-22-33-44-55'], REAUTHENTICATE), 503],
    ['no such session', disconnect(['Acct-Session-Id', 'FFFFFFFF']), 503],
    ['no MAC address', disconnect(['Calling-Station-Id', 'nobody']), 503],
    ['two names that disagree', coa(HERE, ['Acct-Session-Id', 'FFFFFFFF'], REAUTHENTICATE), 503],
    ['another audit session', coa(HERE, ['Cisco-AVPair', 'audit-session-id=00'], REAUTHENTICATE), 503],
    ['another user', disconnect(HERE, ['User-Name', 'somebody']), 503],
    ['another port', disconnect(HERE, ['NAS-Port-Id', 'Gi1/0/8']), 503],
    ['another port number', disconnect(HERE, ['NAS-Port', 50_108]), 503],
    ['another switch by address', disconnect(HERE, ['NAS-IP-Address', '192.0.2.1']), 403],
    ['another switch by name', disconnect(HERE, ['NAS-Identifier', 'switch-9']), 403],
    ['nothing that names a session', disconnect(['User-Name', 'a4bb6d010203']), 402],
    ['no command', coa(HERE), 402],
    ['another command', coa(HERE, ['Cisco-AVPair', 'subscriber:command=bounce-host-port']), 407],
    ['another type', coa(HERE, REAUTHENTICATE, ['Cisco-AVPair', 'subscriber:reauthenticate-type=never']), 407],
    ['another AV pair', coa(HERE, REAUTHENTICATE, ['Cisco-AVPair', 'ip:inacl#1=permit']), 401],
    ['no AV pair at all', coa(HERE, REAUTHENTICATE, ['Cisco-AVPair', 'reauthenticate']), 401],
    ['a command in a Disconnect', disconnect(HERE, REAUTHENTICATE), 401],
    ['an attribute that is not known', disconnect(HERE, ['Framed-IP-Address', '192.0.2.1']), 401],
    ['another vendor', coa(HERE, ['Aruba-Port-Bounce-Host', 12]), 401],
    ['Authorize Only', coa(HERE, ['Service-Type', 17]), 405],
  ])('%s: refused with its Error-Cause', async (_name, coaRequest, errorCause) => {
    const session = await connected();
    const result = await patient.send(target(), coaRequest);
    expect(result).toMatchObject({ kind: 'nak', errorCause: { code: errorCause }, transmissions: 1, discarded: {} });
    expect(await happened('coa-answered')).toMatchObject({
      request: coaRequest.packet,
      answer: 'nak',
      errorCause,
    });
    expect(nas.sessions()).toEqual([session]);
    expect(records('/api/lookup')).toHaveLength(1);
  });

  test.each([
    ['Vendor-Specific without a vendor', attribute(26, 'abc'), 404],
    ['Vendor-Specific with nothing in it', attribute(26, Buffer.from('00000009', 'hex')), 404],
    ['Vendor-Specific that does not add up', attribute(26, Buffer.from('0000000901ff41', 'hex')), 404],
    ['another attribute of Cisco', attribute(26, Buffer.from('00000009020341', 'hex')), 401],
    ['NAS-Port of two octets', attribute(5, 'ab'), 404],
  ])('%s: refused', async (_name, spoiled, errorCause) => {
    await connected();
    const datagram = signed(40, 1, Buffer.concat([attribute(31, STATION), spoiled]));
    const [answer = Buffer.alloc(0)] = await exchange([datagram], 1);
    expect(verifyAnswer({ request: datagram, datagram: answer, secret: SECRET_OCTETS })).toMatchObject({
      ok: true,
      answer: { kind: 'nak', errorCause: { code: errorCause } },
    });
  });

  test('Message-Authenticator is in the answer if it was in the request; Proxy-States come back', async () => {
    const plain = encoded(1, coa(HERE), false);
    const strong = encoded(2, coa(HERE), true);
    const proxied = signed(43, 3, Buffer.concat([attribute(33, 'one'), attribute(31, STATION), attribute(33, 'two')]));
    const requests = [plain, strong, proxied];
    const answers = await exchange(requests, 3);
    const verdicts = requests.map((sent, index) =>
      verifyAnswer({ request: sent, datagram: answers[index] ?? Buffer.alloc(0), secret: SECRET_OCTETS }),
    );
    expect(verdicts).toMatchObject([
      { ok: true, answer: { messageAuthenticator: 'absent' } },
      { ok: true, answer: { messageAuthenticator: 'valid' } },
      { ok: true, answer: { messageAuthenticator: 'absent' } },
    ]);
    const states = verdicts[2]?.ok ? verdicts[2].answer.attributes.filter(({ type }) => type === 33) : [];
    expect(states.map(({ value }) => value.toString())).toEqual(['one', 'two']);
  });

  test('a retransmission gets the same answer and does nothing a second time', async () => {
    await connected();
    const datagram = encoded(7, coa(HERE, REAUTHENTICATE));
    const answers = await exchange([datagram, datagram, datagram], 3);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    await happened('reauthenticated');
    // What happens to a station happens in turn: after this, nothing of the request can be left.
    await control('POST', '/disconnect', { mac: STATION });
    expect(records('/api/lookup')).toHaveLength(2);
    expect(nas.stats().coa).toMatchObject({ received: 3, acknowledged: 1, repeated: 2 });
    // A retransmission is answered as before even if the session has gone meanwhile.
    expect(await exchange([datagram], 1)).toEqual([answers[0]]);
    // From another port it is another request.
    expect(await patient.send(target(), coa(HERE, REAUTHENTICATE))).toMatchObject({ errorCause: { code: 503 } });
  });

  test('a Disconnect that is retransmitted ends one session, not the next one too', async () => {
    await connected();
    events.length = 0;
    const datagram = encoded(7, disconnect(HERE));
    await exchange([datagram, datagram], 2);
    await happened('connected');
    expect(account().map((line) => line.split(' ')[0])).toEqual(['Start', 'Stop', 'Start']);
    expect(nas.sessions()).toHaveLength(1);
  });

  test('an identifier that is used for something else within the window is not obeyed', async () => {
    await connected();
    const [answer = Buffer.alloc(0)] = await exchange(
      [encoded(7, coa(HERE)), encoded(7, disconnect(HERE)), encoded(8, coa(HERE))],
      2,
    );
    expect(answer[1]).toBe(7);
    expect(nas.stats().coa).toMatchObject({ acknowledged: 0, refused: 2, discarded: { 'identifier-reused': 1 } });
  });

  test('wrong secret: no answer', async () => {
    await connected();
    const result = await quick.send(target({ secret: 'another' }), coa(HERE, REAUTHENTICATE));
    expect(result).toMatchObject({ kind: 'no-answer', transmissions: 3 });
    await until(() => nas.stats().coa.received === 3);
    expect(nas.stats().coa).toEqual({
      received: 3,
      acknowledged: 0,
      refused: 0,
      repeated: 0,
      discarded: { authenticator: 3 },
    });
    expect(events.slice(1)).toMatchObject(Array(3).fill({ event: 'discarded', reason: 'authenticator' }));
    expect(records('/api/lookup')).toHaveLength(1);
  });

  const now = () => Math.floor(Date.now() / 1000);
  const good = () => encoded(1, disconnect(HERE));
  const changed = (at: number, value: number) => {
    const datagram = good();
    datagram.writeUInt8(value, at);
    return datagram;
  };
  test.each<[string, () => Uint8Array, string]>([
    ['nothing', () => Buffer.alloc(0), 'too-short'],
    ['half a header', () => good().subarray(0, 19), 'too-short'],
    ['less than its length', () => good().subarray(0, -1), 'length'],
    ['a length below 20', () => changed(3, 19), 'length'],
    ['an Access-Request', () => changed(0, 1), 'code'],
    ['an answer', () => changed(0, 44), 'code'],
    ['an altered octet', () => changed(50, 0x7f), 'authenticator'],
    ['attributes that do not add up', () => signed(40, 1, Buffer.of(31, 9, 65)), 'attributes'],
    ['an attribute of length 0', () => signed(40, 1, Buffer.of(31, 0)), 'attributes'],
    ['an Event-Timestamp of 3 octets', () => signed(40, 1, attribute(55, 'abc')), 'attributes'],
    ['a wrong Message-Authenticator', () => signed(40, 1, attribute(80, Buffer.alloc(16))), 'message-authenticator'],
    ['a short Message-Authenticator', () => signed(40, 1, attribute(80, Buffer.alloc(15))), 'message-authenticator'],
    ['an old request', () => encoded(1, disconnect(HERE, ['Event-Timestamp', now() - 310])), 'event-timestamp'],
    ['a request to come', () => encoded(1, disconnect(HERE, ['Event-Timestamp', now() + 310])), 'event-timestamp'],
  ])('%s: discarded in silence', async (_name, datagram, reason) => {
    await connected();
    // Datagrams keep their order on the loopback interface: the answer to the second shows that the first got none.
    const answers = await exchange([datagram(), encoded(99, coa(HERE))], 1);
    expect(answers[0]?.[1]).toBe(99);
    expect(nas.stats().coa).toMatchObject({ received: 2, discarded: { [reason]: 1 } });
    expect(nas.sessions()).toHaveLength(1);
  });

  test('a request within the window is taken', async () => {
    await connected();
    const early = coa(HERE, REAUTHENTICATE, ['Event-Timestamp', now() - 250]);
    expect(await patient.send(target({ eventTimestamp: false }), early)).toMatchObject({ kind: 'ack' });
    await happened('reauthenticated');
  });

  test('octets after the packet are padding', async () => {
    await connected();
    const [answer] = await exchange([Buffer.concat([good(), Buffer.from('padding')])], 1);
    expect(answer?.[0]).toBe(41);
    await happened('disconnected');
  });

  test('two Message-Authenticators are one too many', () => {
    const twice = Buffer.concat([attribute(80, Buffer.alloc(16)), attribute(80, Buffer.alloc(16))]);
    const blank = Buffer.concat([Buffer.of(40, 1, 0, 20 + twice.length), Buffer.alloc(16), twice]);
    twice.set(createHmac('md5', SECRET_OCTETS).update(blank).digest(), 2);
    expect(readCoaRequest(signed(40, 1, twice), SECRET_OCTETS, new Date())).toEqual({
      ok: false,
      problem: 'message-authenticator',
    });
  });
});
