// The accounting of the FreeRADIUS configuration we ship, run by the real server against a connector which the test
// controls.

import { describe, expect, test, vi } from 'vitest';
import {
  EMPTY,
  endSites,
  nowSeconds,
  PERMIT,
  record,
  sessionOf,
  TAKEN,
  withoutSentTime,
  withSite,
} from '../support/freeradius/accounting-site.ts';
import { type Answering, API_KEY, type StubAnswer } from '../support/freeradius/lookup-stub.ts';
import { mabRequest, sendAccessRequest, sendAccounting } from '../support/freeradius/radclient.ts';

endSites();

describe.concurrent('a record', () => {
  test('of each kind arrives in the order of sending, with exactly the agreed fields and headers', async () => {
    await withSite(async ({ connector, account, records }) => {
      const session = {
        'User-Name': 'host/laptop-0001.example.com',
        'Calling-Station-Id': '02-AB-CD-EF-00-01',
        'Called-Station-Id': '00-11-22-33-44-55:corp',
        'NAS-IP-Address': '192.0.2.1',
        'NAS-IPv6-Address': '2001:db8::1',
        'NAS-Identifier': 'switch-1',
        'NAS-Port-Id': 'GigabitEthernet1/0/7',
        'NAS-Port': 50_107,
        'NAS-Port-Type': 'Ethernet',
        'Acct-Session-Id': '0000000A',
        'Acct-Multi-Session-Id': 'multi-1',
        'Cisco-AVPair': ['service-type=Framed', 'audit-session-id=0A0101010000000A', 'method=dot1x'],
        Class: '0x30313233',
      };
      const address = { 'Framed-IP-Address': '198.51.100.7' };
      await account({ ...session, 'Acct-Status-Type': 'Start', 'Event-Timestamp': 1_700_000_000 });
      await account({ ...session, ...address, 'Acct-Status-Type': 'Interim-Update', 'Event-Timestamp': 1_700_000_300 });
      await account({ ...session, ...address, 'Acct-Status-Type': 'Stop', 'Event-Timestamp': 1_700_000_600 });
      await connector.received(3);

      expect(connector.lookups[0]).toMatchObject({
        method: 'POST',
        path: '/api/accounting',
        headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
      });
      const start = {
        ...EMPTY,
        status: 'Start',
        eventTime: '1700000000',
        userName: 'host/laptop-0001.example.com',
        callingStationId: '02-AB-CD-EF-00-01',
        calledStationId: '00-11-22-33-44-55:corp',
        nasIpAddress: '192.0.2.1',
        nasIpv6Address: '2001:db8::1',
        nasIdentifier: 'switch-1',
        nasPortId: 'GigabitEthernet1/0/7',
        nasPort: '50107',
        nasPortType: 'Ethernet',
        packetSourceIp: '127.0.0.1',
        acctSessionId: '0000000A',
        acctMultiSessionId: 'multi-1',
        auditSessionId: '0A0101010000000A',
        framedIpAddress: '',
        class: '0x30313233',
      };
      const framedIpAddress = '198.51.100.7';
      expect(records()).toEqual([
        start,
        { ...start, status: 'Interim-Update', eventTime: '1700000300', framedIpAddress },
        { ...start, status: 'Stop', eventTime: '1700000600', framedIpAddress },
      ]);
    });
  });

  test('says when an access device comes and goes, and empty strings for what it does not contain', async () => {
    await withSite(async ({ connector, account, records }) => {
      for (const status of ['Accounting-On', 'Accounting-Off']) {
        await account({ 'Acct-Status-Type': status, 'NAS-Identifier': 'switch-1', 'Event-Timestamp': 1_700_000_000 });
      }
      await connector.received(2);
      const expected = { ...EMPTY, nasIdentifier: 'switch-1', eventTime: '1700000000' };
      expect(records()).toEqual([
        { ...expected, status: 'Accounting-On' },
        { ...expected, status: 'Accounting-Off' },
      ]);
    });
  });

  test('without a time has the time of arrival, less that for which the access device has been trying', async () => {
    await withSite(async ({ connector, account, records }) => {
      const before = nowSeconds();
      await account(record('fresh'));
      await account(record('delayed', 'Start', { 'Acct-Delay-Time': 5000 }));
      await account(record('absurd', 'Start', { 'Acct-Delay-Time': 4_294_967_295 }));
      const after = nowSeconds();
      await connector.received(3);
      const [fresh, delayed, absurd] = records().map(({ eventTime }) => Number(eventTime));
      for (const time of [fresh, Number(delayed) + 5000, absurd]) {
        expect(time).toBeGreaterThanOrEqual(before);
        expect(time).toBeLessThanOrEqual(after);
      }
    });
  });

  test('arrives as it is, whatever its texts contain, and executes nothing', async () => {
    await withSite(async ({ connector, account, records }) => {
      const texts = [
        '%{config:nac.api_key}',
        '100 %',
        'quote" backslash\\ newline\n\n return\r tab\t control\u0001 =41 `id` $x',
        'Zürich ✓ 東京',
        '","status":"Stop',
        'ends with a backslash\\',
        'CORP\\nancy',
        'CORP\\tom',
        '\\\\server\\001',
        'CORP\\müller',
        '0x414243',
        ' ',
        '\n\tNAC-Acct-Status = "Stop"\n\n',
        "'single'",
      ];
      for (const text of texts) {
        await account(record('s', 'Start', { 'User-Name': text, 'NAS-Port-Id': text }));
      }
      await account(
        record(String(texts[0]), 'Stop', {
          'Calling-Station-Id': String(texts[1]),
          'Called-Station-Id': String(texts[2]),
          'NAS-Identifier': String(texts[3]),
          'Acct-Multi-Session-Id': String(texts[4]),
          'Cisco-AVPair': [`x=${texts[0]}`, `audit-session-id=${texts[0]}"\\ü`],
        }),
      );
      await connector.received(texts.length + 1);
      expect(records().map(({ userName }) => userName)).toEqual([...texts, '']);
      expect(records().map(({ nasPortId }) => nasPortId)).toEqual([...texts, '']);
      expect(records().at(-1)).toMatchObject({
        status: 'Stop',
        acctSessionId: texts[0],
        callingStationId: texts[1],
        calledStationId: texts[2],
        nasIdentifier: texts[3],
        acctMultiSessionId: texts[4],
        auditSessionId: `${texts[0]}"\\ü`,
      });
      expect(connector.lookups.map(({ body }) => body).join('')).not.toContain('key-');
    });
  });

  test('brings back the Class of the permit', async () => {
    const answer: Answering = ({ path }) => (path === '/api/lookup' ? PERMIT : TAKEN);
    await withSite(
      async ({ connector, server, account, records }) => {
        const { attributes } = await sendAccessRequest(server, mabRequest('02-AB-CD-EF-00-01'));
        await account(record('s', 'Start', { Class: String(attributes['Class']) }));
        await connector.received(2);
        const [{ class: octets = '' } = {}] = records();
        expect(octets).toMatch(/^0x/);
        expect(Buffer.from(octets.slice(2), 'hex').toString()).toBe('0123456789abcdef0123-a1');
      },
      {},
      answer,
    );
  });
});

describe.concurrent('a connector that does not answer', () => {
  test('holds up neither the access device nor the lookups', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<StubAnswer>();
    const answer: Answering = ({ path, body }) => {
      if (path === '/api/lookup') return PERMIT;
      return sessionOf(body) === 'first' ? held : TAKEN;
    };
    await withSite(
      async ({ connector, server, account, sessions }) => {
        await account(record('first'));
        await connector.received(1);
        for (const session of ['second', 'third', 'fourth']) await account(record(session));
        const reply = await sendAccessRequest(server, mabRequest('02-AB-CD-EF-00-01'));
        expect(reply.code).toBe('Access-Accept');
        // Until here the first record has been waiting for its answer, and no other has overtaken it.
        expect(sessions()).toEqual(['first']);
        release(TAKEN);
        await connector.received(5);
        expect(sessions()).toEqual(['first', 'second', 'third', 'fourth']);
      },
      { NAC_ACCT_TOTAL_TIMEOUT: '30', NAC_ACCT_RETRY_INTERVAL: '60', NAC_MAX_LOOKUPS: '1' },
      answer,
    );
  });

  test('gets everything in order as soon as it is there, with the times of the events', async () => {
    await withSite(async ({ connector, server, account, records }) => {
      await connector.close();
      await account(record('s', 'Start', { 'Event-Timestamp': 1_700_000_000 }));
      await vi.waitFor(() => expect(server.output()).toContain('nac_rest_accounting: ERROR'), 10_000);
      await account(record('s', 'Interim-Update', { 'Event-Timestamp': 1_700_000_300 }));
      await account(record('s', 'Stop'));
      const lastSent = nowSeconds();
      await connector.listen();
      await connector.received(3);
      const arrived = records();
      expect(arrived.map(({ status }) => status)).toEqual(['Start', 'Interim-Update', 'Stop']);
      expect(arrived.slice(0, 2).map(({ eventTime }) => eventTime)).toEqual(['1700000000', '1700000300']);
      expect(Number(arrived[2]?.['eventTime'])).toBeLessThanOrEqual(lastSent);
    });
  });

  const refusals: [name: string, answer: ReturnType<Answering>][] = [
    ['503', { ...TAKEN, status: 503 }],
    ['500', { ...TAKEN, status: 500 }],
    ['429', { ...TAKEN, status: 429 }],
    ['401', { ...TAKEN, status: 401 }],
    ['404', { ...TAKEN, status: 404 }],
    ['a redirection', { ...TAKEN, status: 302 }],
    ['a closed connection', 'reset'],
    ['nothing in time', new Promise<StubAnswer>(() => undefined)],
  ];

  test.each(refusals)('gets the record again, before all others, after %s', async (name, refusal) => {
    let first = true;
    const answer: Answering = () => {
      if (!first) return TAKEN;
      first = false;
      return refusal;
    };
    await withSite(
      async ({ connector, server, account, sessions }) => {
        await account(record('first', 'Start', { 'Event-Timestamp': 1_700_000_000 }));
        await account(record('second', 'Start', { 'Event-Timestamp': 1_700_000_001 }));
        await connector.received(3);
        // A client may repeat a request by itself when the connection is closed.
        expect([...new Set(sessions())], name).toEqual(['first', 'second']);
        expect(sessions().slice(0, 2)).toEqual(['first', 'first']);
        expect(withoutSentTime(connector.lookups[1]?.body)).toBe(withoutSentTime(connector.lookups[0]?.body));
        expect(server.refusedRecords()).toBe('');
      },
      { NAC_ACCT_TOTAL_TIMEOUT: '0.5' },
      answer,
    );
  });
});

describe.concurrent('a record that the connector will never take', () => {
  test.each([400, 413])('is noted after %i and does not hold up the others', async (status) => {
    const answer: Answering = ({ body }) =>
      sessionOf(body) === 'refused' ? { ...TAKEN, status, body: '{"error":"NAC_REQUEST"}' } : TAKEN;
    await withSite(
      async ({ connector, server, account, sessions }) => {
        for (const session of ['before', 'refused', 'after']) await account(record(session));
        await connector.received(3);
        expect(sessions()).toEqual(['before', 'refused', 'after']);
        expect(server.refusedRecords()).toContain(`NAC-Acct-Refused = "${status}"`);
        expect(server.refusedRecords()).toContain('{\\"error\\":\\"NAC_REQUEST\\"}');
        expect(server.refusedRecords()).toContain('NAC-Acct-Session = "refused"');
        expect(server.refusedRecords()).not.toMatch(/"before"|"after"/);
      },
      {},
      answer,
    );
  });
});

describe.concurrent('a record that is too long to be sent', () => {
  const long = (sign: string) => sign.repeat(Math.floor(250 / Buffer.byteLength(sign)));
  const names = (text: string) => ({ 'User-Name': text, 'Called-Station-Id': text, 'NAS-Port-Id': text });

  test.each(['\u0001', '"', '/', 'ü', '\\', 'x', '%'])(
    'brings what identifies the session, whatever its names are: %o',
    async (sign) => {
      await withSite(async ({ connector, server, account, records }) => {
        const identity = {
          'Acct-Multi-Session-Id': 'M'.repeat(200),
          'Calling-Station-Id': '02-AB-CD-EF-00-01',
          'NAS-Identifier': 'n'.repeat(250),
          'Cisco-AVPair': `audit-session-id=${'0a'.repeat(100)}`,
          Class: `0x${'41'.repeat(250)}`,
        };
        await account(record('S'.repeat(250), 'Stop', { ...identity, ...names(long(sign)) }));
        await account(record('after', 'Stop', names('short')));
        await connector.received(2);
        const [cut, after] = records();
        expect(cut).toMatchObject({
          status: 'Stop',
          acctSessionId: 'S'.repeat(250),
          acctMultiSessionId: 'M'.repeat(200),
          callingStationId: '02-AB-CD-EF-00-01',
          nasIdentifier: 'n'.repeat(250),
          auditSessionId: '0a'.repeat(100),
          class: `0x${'41'.repeat(250)}`,
        });
        for (const field of ['userName', 'calledStationId', 'nasPortId']) {
          expect(['', long(sign)], field).toContain(cut?.[field]);
        }
        expect(after).toMatchObject({ acctSessionId: 'after', userName: 'short' });
        expect(server.refusedRecords()).toBe('');
      });
    },
  );

  test.each(['\u0001', '"', 'ü'])(
    'brings its Acct-Session-Id even if everything in it is nonsense: %o',
    async (sign) => {
      await withSite(async ({ connector, server, account, sessions }) => {
        const text = long(sign);
        const more = {
          'Acct-Multi-Session-Id': text,
          'Calling-Station-Id': text,
          'NAS-Identifier': text,
          ...names(text),
        };
        const audit = `audit-session-id=${sign.repeat(Math.floor(220 / Buffer.byteLength(sign)))}`;
        await account(record(text, 'Stop', { ...more, 'Cisco-AVPair': audit, Class: `0x${'41'.repeat(250)}` }));
        await account(record('after'));
        await connector.received(2);
        expect(sessions()).toEqual([text, 'after']);
        expect(server.refusedRecords()).toBe('');
      });
    },
  );

  test('of backslashes and control characters holds up no other', async () => {
    await withSite(async ({ connector, account, sessions }) => {
      const text = '\\\u0001'.repeat(126);
      await account(record(text, 'Stop', names(text)));
      await account(record('\\'.repeat(250), 'Stop', names('\\'.repeat(250))));
      await account(record('after'));
      await connector.received(3);
      expect(sessions()[2]).toBe('after');
    });
  });

  test('brings no part of a text before a NUL', async () => {
    await withSite(async ({ connector, account, records }) => {
      const fields = [
        'User-Name',
        'Calling-Station-Id',
        'Called-Station-Id',
        'NAS-Identifier',
        'Acct-Multi-Session-Id',
      ];
      const texts = Object.fromEntries(fields.map((name) => [name, 'a\u0000b']));
      await account(record('s', 'Start', { ...texts, 'Cisco-AVPair': 'audit-session-id=0a\u00000b' }));
      await connector.received(1);
      expect(records()[0]).toMatchObject({
        acctSessionId: 's',
        userName: '',
        callingStationId: '',
        calledStationId: '',
        nasIdentifier: '',
        acctMultiSessionId: '',
        auditSessionId: '',
      });
    });
  });
});

describe.concurrent('a restart of the server', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)('with a full spool loses nothing (%s)', async (signal) => {
    await withSite(async ({ connector, server, account, sessions, records }) => {
      await connector.close();
      const before = Array.from({ length: 8 }, (_, n) => `before-${n}`);
      for (const session of before) await account(record(session, 'Start', { 'Event-Timestamp': 1_700_000_000 }));
      await server.restart(signal);
      await account(record('after', 'Start', { 'Event-Timestamp': 1_700_000_001 }));
      await connector.listen();
      await connector.received(9);
      expect(sessions()).toEqual([...before, 'after']);
      expect(records().map(({ eventTime }) => eventTime)).toEqual([...before.map(() => '1700000000'), '1700000001']);
    });
  });

  test('goes on with the record that has not been taken', async () => {
    let taken = 2;
    const answer: Answering = () => {
      taken -= 1;
      return taken >= 0 ? TAKEN : { ...TAKEN, status: 503 };
    };
    await withSite(
      async ({ connector, server, account, sessions }) => {
        for (const session of ['first', 'second', 'third', 'fourth']) await account(record(session));
        await connector.received(3);
        await server.restart('SIGKILL');
        const arrived = connector.lookups.length;
        connector.answer = () => TAKEN;
        await connector.received(arrived + 2);
        expect(sessions().slice(arrived)).toEqual(['third', 'fourth']);
      },
      {},
      answer,
    );
  });
});

describe.concurrent('a spool that cannot be written', () => {
  test('leaves the record with the access device, which will repeat it', async () => {
    await withSite(
      async ({ server }) => {
        expect(await sendAccounting(server, record('s'), 1)).toBe('timeout');
      },
      { NAC_ACCT_SPOOL_DIR: '/dev/null/spool' },
    );
  });
});
