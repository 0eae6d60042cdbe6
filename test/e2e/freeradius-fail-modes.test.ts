// When the shipped FreeRADIUS configuration goes into its fail mode: if the connector was asked in vain, and only then.
// Run by the real server against a lookup function which the test controls.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authenticateWithCertificate } from '../support/freeradius/eapol-test.ts';
import {
  FALLBACK_ATTRIBUTES,
  octets,
  PERMIT,
  PERMIT_ATTRIBUTES,
  UNAVAILABLE,
  withoutEap,
} from '../support/freeradius/expected-replies.ts';
import { type LookupStub, type StubAnswer, startLookupStub } from '../support/freeradius/lookup-stub.ts';
import { mabRequest, sendAccessRequest, sendAccessRequests } from '../support/freeradius/radclient.ts';
import { FAIL_MODES, type SampleSite, startSampleSite } from '../support/freeradius/sample-site.ts';
import type { FailMode } from '../support/freeradius/start-freeradius.ts';

const MAC = '02-AB-CD-EF-00-01';
const ACCEPT = { code: 'Access-Accept', attributes: PERMIT_ATTRIBUTES };
const FALLBACK = { code: 'Access-Accept', attributes: FALLBACK_ATTRIBUTES };

/** As the connector says it: functions/refusal.ts. */
const QUOTA = JSON.stringify({
  code: 'NAC_CLIENT_QUOTA',
  message: 'The client asks more than 200 times a second.',
  action: 'Find what repeats its questions, or raise CLIENT_REQUESTS_PER_SECOND.',
  field: 'X-API-Key',
});

const SITE_USER = { name: 'alice', password: 'alices-password' };

let site: SampleSite;
let stub: LookupStub;
let servers: SampleSite['servers'];

beforeAll(async () => {
  site = await startSampleSite([SITE_USER]);
  ({ stub, servers } = site);
});

afterAll(() => site?.stop());

beforeEach(() => stub.reset());

let macs = 0;

/** A MAC address no other test uses. */
function newMac(): string {
  macs += 1;
  return `02:00:00:00:${[macs >> 8, macs & 0xff].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}

/** What each mode replies while the connector answers so; every server has let the device in before. */
async function repliesTo(answer: StubAnswer) {
  stub.answerWith(PERMIT);
  for (const mode of FAIL_MODES) await sendAccessRequest(site.servers[mode], mabRequest(MAC));
  stub.reset();
  stub.answer = () => answer;
  const replies = [];
  for (const mode of FAIL_MODES) replies.push(await sendAccessRequest(site.servers[mode], mabRequest(MAC)));
  expect(stub.lookups).toHaveLength(FAIL_MODES.length);
  return replies;
}

describe('an answer that is no decision', () => {
  test.each<[name: string, answer: StubAnswer]>([
    ['404: an app without its package, or a host that is starting', { status: 404, body: '' }],
    ['404 with a permit', { status: 404, body: PERMIT }],
    ['405', { status: 405, body: '' }],
    ['408', { status: 408, body: '' }],
    ['410', { status: 410, body: '' }],
    ['429', { status: 429, body: '{"code":"slow down"}', contentType: 'application/json' }],
    ['500 with an empty body', { status: 500, body: '' }],
    ['502 with a page', { status: 502, body: '<h1>Bad Gateway</h1>', contentType: 'text/html' }],
    ['503 with a permit', { status: 503, body: PERMIT }],
    [
      '503 because the store is away',
      { status: 503, body: QUOTA.replace('CLIENT_QUOTA', 'STORE_UNAVAILABLE'), contentType: 'application/json' },
    ],
    ['504', { status: 504, body: '' }],
    ['204', { status: 204, body: '' }],
    ['302 to a login page', { status: 302, body: PERMIT }],
    ['200 with nothing', { body: '' }],
    ['200 with nothing, in chunks', { body: '', framing: 'chunked' }],
    ['200 with a page', { body: '<html>permit</html>', contentType: 'text/html' }],
    ['200 with JSON', { body: '{"decision":"permit"}', contentType: 'application/json' }],
    ['a permit cut off', { body: 'permit role=employee vlan=20', framing: 'truncated' }],
    ['a permit in full on a connection cut off', { body: PERMIT, framing: 'truncated' }],
    ['half a permit in chunks', { body: 'permit role=employee vlan=20', framing: 'chunked' }],
    ['a piece of a name that no attribute has', { body: `${PERMIT} admin=yes` }],
    ['a piece without a value', { body: `${PERMIT} acl=` }],
    ['a piece with a control character', { body: `${PERMIT} acl=A=0A` }],
    ['a piece with a backslash', { body: `${PERMIT} acl=A=5C` }],
    ['a piece with a backquote', { body: `${PERMIT} acl==60id=60` }],
    ['a piece with an expression', { body: `${PERMIT} acl=%{User-Name}` }],
    ['a good piece and a bad one', { body: `${PERMIT} Filter-Id=a acl=A=0A` }],
  ])('brings on the fail mode: %s', async (_, answer) => {
    expect(await repliesTo(answer)).toEqual([UNAVAILABLE, FALLBACK, ACCEPT]);
  });

  test.each<[name: string, answer: StubAnswer]>([
    ['400', { status: 400, body: '' }],
    ['401 with a permit', { status: 401, body: PERMIT }],
    ['403 with a permit', { status: 403, body: PERMIT }],
    ['413', { status: 413, body: '' }],
    ['414', { status: 414, body: '' }],
    ['415', { status: 415, body: '' }],
    ['422', { status: 422, body: '' }],
    ['431', { status: 431, body: '' }],
    [
      '503 because this server asks more often than it may: a flood of stations must not choose the mode',
      { status: 503, body: QUOTA, contentType: 'application/json' },
    ],
    [
      'the same in chunks, as the host answers',
      { status: 503, body: QUOTA, contentType: 'application/json', framing: 'chunked' },
    ],
  ])('refuses the question, and is a reject in every mode: %s', async (_, answer) => {
    expect(await repliesTo(answer)).toEqual([UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
  });

  test.each([401, 403, 400])('EAP-TLS is rejected in every mode: %i', async (status) => {
    for (const mode of FAIL_MODES) {
      const server = site.servers[mode];
      const certificate = await server.deviceAuthority.issueDeviceCertificate({ commonName: 'd' });
      stub.answerWith(PERMIT);
      expect(await authenticateWithCertificate(server, { certificate }), mode).toMatchObject({ success: true });
      stub.answerWith(PERMIT, { status });
      const reply = await authenticateWithCertificate(server, { certificate });
      expect(reply, mode).toMatchObject({ success: false, code: 'Access-Reject' });
      expect(withoutEap(reply.attributes), mode).toEqual({});
    }
  });
});

test('a decision in chunks, or said to be of whatever type, is one', async () => {
  for (const answer of [
    { body: PERMIT, framing: 'chunked' },
    { body: PERMIT, contentType: 'application/octet-stream' },
    { body: PERMIT, contentType: 'text/plain; charset=utf-8', framing: 'chunked' },
  ] as const) {
    expect(await repliesTo(answer)).toEqual([ACCEPT, ACCEPT, ACCEPT]);
  }
});

describe('a pool without a free place', () => {
  test.each(FAIL_MODES)('rejects in the mode %s: the connector was not asked', async (failMode) => {
    const env = { NAC_MAX_LOOKUPS: '2', NAC_MAX_SERVERS: '8', NAC_TOTAL_TIMEOUT: '25' };
    await site.withServer({ failMode, env }, async (own) => {
      stub.answerWith(PERMIT);
      expect(await sendAccessRequest(own, mabRequest(MAC))).toEqual(ACCEPT);
      stub.reset();
      const held = Promise.withResolvers<StubAnswer>();
      stub.answer = () => held.promise;
      const flood = ['02:00:00:00:00:01', '02:00:00:00:00:02'].map((mac) =>
        sendAccessRequest(own, mabRequest(mac), 20),
      );
      try {
        await stub.received(2);
        expect(await sendAccessRequest(own, mabRequest(MAC))).toEqual(UNAVAILABLE);
        expect(stub.lookups).toHaveLength(2);
      } finally {
        held.resolve({ body: 'deny' });
        await Promise.all(flood);
      }
    });
  });
});

describe('without an answer', () => {
  const down = 'not listening';
  const hanging = 'hanging';
  const cases: [name: string, answer: StubAnswer | 'reset' | typeof down | typeof hanging][] = [
    ['connector down', down],
    ['connector hanging', hanging],
    ['connection reset', 'reset'],
    ['503 with a permit', { status: 503, body: PERMIT }],
    ['500', { status: 500, contentType: 'text/html', body: '<h1>Internal Server Error</h1>' }],
    ['404 with a permit', { status: 404, body: PERMIT }],
    ['410 with a permit', { status: 410, body: PERMIT }],
    ['429', { status: 429, body: PERMIT }],
    ['302', { status: 302, body: PERMIT }],
    ['201 with a permit', { status: 201, body: PERMIT }],
    ['204', { status: 204, body: '' }],
    ['200 with a login page', { contentType: 'text/html', body: '<html><body>permit</body></html>' }],
    ['200 with nothing', { body: '' }],
    ['200 JSON', { contentType: 'application/json', body: '{"decision":"permit"}' }],
    [
      '200 JSON that sets attributes',
      {
        contentType: 'application/json',
        body: JSON.stringify({
          'control:Auth-Type': 'Accept',
          'control:NAC-Decision': 'permit',
          'control:NAC-Answer': PERMIT,
          'reply:Filter-Id': '%{config:nac.api_key}',
        }),
      },
    ],
    ['a permit with a second line', { body: `${PERMIT}\nrole=admin` }],
    ['a permit with a newline', { body: `${PERMIT}\n` }],
    ['a line before the permit', { body: `hello\n${PERMIT}` }],
    ['a permit with a NUL', { body: `${PERMIT}\u0000` }],
    ['a permit with more behind it', { body: `${PERMIT} admin=yes` }],
    ['a deny with a newline', { body: 'deny\n' }],
    ['a role that is an expression', { body: 'permit role=%{echo:/usr/bin/id} vlan=20 timeout=60 class=c' }],
    ['a reference that is an expression', { body: 'permit role=r vlan=20 timeout=60 class=%{config:nac.api_key}' }],
    ['a role that is too long', { body: `permit role=${'r'.repeat(65)} vlan=20 timeout=60 class=c` }],
    ['a session time that is too long', { body: 'permit role=r vlan=20 timeout=12345678 class=c' }],
    ['a permit without VLAN', { body: 'permit role=r timeout=60 class=c' }],
    ['fields in another order', { body: 'permit vlan=20 role=r timeout=60 class=c' }],
    ['another spelling', { body: PERMIT.toUpperCase() }],
  ];

  /** Runs `use` while the lookup function behaves as the case says. */
  async function during(behaviour: (typeof cases)[number][1], use: () => Promise<void>): Promise<void> {
    if (behaviour === down) {
      await stub.close();
      try {
        await use();
      } finally {
        await stub.listen();
      }
      return;
    }
    const { promise, resolve } = Promise.withResolvers<StubAnswer>();
    stub.answer = () => (behaviour === hanging ? promise : behaviour);
    try {
      await use();
    } finally {
      resolve({ body: PERMIT });
    }
  }

  test.each(cases)('%s: rejected, let into the fallback, or the last decision repeated', async (_, behaviour) => {
    const known = newMac();
    const unknown = newMac();
    stub.answerWith('permit role=known vlan=30 timeout=60 class=earlier');
    await Promise.all(FAIL_MODES.map((mode) => sendAccessRequest(servers[mode], mabRequest(known))));
    expect(stub.lookups).toHaveLength(3);

    await during(behaviour, async () => {
      const [closed, open, last, lastUnknown] = await Promise.all([
        sendAccessRequest(servers.closed, mabRequest(known)),
        sendAccessRequest(servers.open, mabRequest(known)),
        sendAccessRequest(servers.last, mabRequest(known)),
        sendAccessRequest(servers.last, mabRequest(unknown)),
      ]);
      expect(closed, 'closed').toEqual(UNAVAILABLE);
      expect(open, 'open').toEqual({ code: 'Access-Accept', attributes: FALLBACK_ATTRIBUTES });
      expect(last, 'last').toEqual({
        code: 'Access-Accept',
        attributes: {
          ...PERMIT_ATTRIBUTES,
          'Filter-Id': 'known',
          'Tunnel-Private-Group-Id:0': '30',
          'Session-Timeout': '60',
          Class: octets('earlier'),
        },
      });
      expect(lastUnknown, 'last, unknown device').toEqual(UNAVAILABLE);
    });
    expect(stub.lookups).toHaveLength(behaviour === down ? 3 : behaviour === 'reset' ? stub.lookups.length : 7);
  });

  test.each(cases.filter(([name]) => /down|hanging|503|404|login page|JSON that|second line/.test(name)))(
    'EAP-TLS, %s: rejected, let into the fallback, or the last decision repeated',
    async (_, behaviour) => {
      const certificate = (mode: FailMode) => servers[mode].deviceAuthority.issueDeviceCertificate({ commonName: 'd' });
      const [closed, open, known, unknown] = await Promise.all([
        certificate('closed'),
        certificate('open'),
        certificate('last'),
        certificate('last'),
      ]);
      stub.answerWith(PERMIT);
      await authenticateWithCertificate(servers.last, { certificate: known });

      await during(behaviour, async () => {
        const replies = await Promise.all([
          authenticateWithCertificate(servers.closed, { certificate: closed }),
          authenticateWithCertificate(servers.open, { certificate: open }),
          authenticateWithCertificate(servers.last, { certificate: known }),
          authenticateWithCertificate(servers.last, { certificate: unknown }),
        ]);
        expect(replies.map(({ success, code }) => ({ success, code }))).toEqual([
          { success: false, code: 'Access-Reject' },
          { success: true, code: 'Access-Accept' },
          { success: true, code: 'Access-Accept' },
          { success: false, code: 'Access-Reject' },
        ]);
        expect(withoutEap(replies[0].attributes)).toEqual({});
        expect(withoutEap(replies[1].attributes)).toEqual(FALLBACK_ATTRIBUTES);
        expect(withoutEap(replies[2].attributes)).toEqual(PERMIT_ATTRIBUTES);
      });
    },
  );

  test('an unknown fail mode is closed', async () => {
    stub.answerWith('', { status: 503 });
    await site.withServer({ env: { NAC_FAIL_MODE: 'opened' } }, async (own) => {
      expect(await sendAccessRequest(own, mabRequest(MAC))).toEqual(UNAVAILABLE);
    });
  });

  test('the server starts while the connector is away, and asks it as soon as it is there', async () => {
    await stub.close();
    await site.withServer({}, async (own) => {
      expect(await sendAccessRequest(own, mabRequest(MAC))).toEqual(UNAVAILABLE);
      await stub.listen();
      stub.answerWith(PERMIT);
      expect(await sendAccessRequest(own, mabRequest(MAC))).toMatchObject({ code: 'Access-Accept' });
    });
  });

  test.each(FAIL_MODES)('a connector certified by another authority gives no answer (%s)', async (failMode) => {
    stub.answerWith(PERMIT);
    const other = await startLookupStub();
    try {
      await site.withServer({ failMode, caFile: other.caFile }, async (own) => {
        const reply = await sendAccessRequest(own, mabRequest(MAC));
        expect(reply).toEqual(
          failMode === 'open' ? { code: 'Access-Accept', attributes: FALLBACK_ATTRIBUTES } : UNAVAILABLE,
        );
      });
    } finally {
      await other.stop();
    }
    expect(stub.lookups).toHaveLength(0);
  });

  test('a connector certified for another name gives no answer', async () => {
    stub.answerWith(PERMIT);
    await site.withServer({ baseUrl: stub.baseUrl.replace('localhost', '127.0.0.1') }, async (own) => {
      expect(await sendAccessRequest(own, mabRequest(MAC))).toEqual(UNAVAILABLE);
    });
    expect(stub.lookups).toHaveLength(0);
  });
});

describe('the last decision', () => {
  const unavailable = () => stub.answerWith('', { status: 503 });

  test('is the newest one', async () => {
    const mac = newMac();
    stub.answerWith('permit role=first vlan=1 timeout=60 class=first');
    await sendAccessRequest(servers.last, mabRequest(mac));
    stub.answerWith('permit role=second vlan=2 timeout=60 class=second');
    const second = await sendAccessRequest(servers.last, mabRequest(mac));
    expect(second.attributes).toMatchObject({ 'Filter-Id': 'second', Class: octets('second') });
    unavailable();
    expect(await sendAccessRequest(servers.last, mabRequest(mac))).toEqual(second);
  });

  test('is forgotten by a deny', async () => {
    const mac = newMac();
    stub.answerWith(PERMIT);
    await sendAccessRequest(servers.last, mabRequest(mac));
    stub.answerWith('deny');
    expect(await sendAccessRequest(servers.last, mabRequest(mac))).toEqual({ code: 'Access-Reject', attributes: {} });
    unavailable();
    expect(await sendAccessRequest(servers.last, mabRequest(mac))).toEqual(UNAVAILABLE);
    stub.answerWith(PERMIT);
    expect(await sendAccessRequest(servers.last, mabRequest(mac))).toMatchObject({ code: 'Access-Accept' });
    unavailable();
    expect(await sendAccessRequest(servers.last, mabRequest(mac))).toMatchObject({ code: 'Access-Accept' });
  });

  test('is forgotten by a deny of the certificate, from whichever adapter', async () => {
    const certificate = await servers.last.deviceAuthority.issueDeviceCertificate({ commonName: 'd' });
    stub.answerWith(PERMIT);
    await authenticateWithCertificate(servers.last, { certificate, mac: '02:00:00:01:00:01' });
    stub.answerWith('deny');
    await authenticateWithCertificate(servers.last, { certificate, mac: '02:00:00:01:00:02' });
    unavailable();
    const reply = await authenticateWithCertificate(servers.last, { certificate, mac: '02:00:00:01:00:01' });
    expect(reply).toMatchObject({ success: false, code: 'Access-Reject' });
  });

  test('of a MAC address serves no certificate, and that of a certificate neither MAC address nor other certificate', async () => {
    const issue = () => servers.last.deviceAuthority.issueDeviceCertificate({ commonName: 'same name' });
    const [permitted, other] = await Promise.all([issue(), issue()]);
    const [macOfMab, macOfCertificate] = [newMac(), newMac()];
    stub.answerWith(PERMIT);
    await sendAccessRequest(servers.last, mabRequest(macOfMab));
    await authenticateWithCertificate(servers.last, { certificate: permitted, mac: macOfCertificate });
    unavailable();
    expect(await sendAccessRequest(servers.last, mabRequest(macOfMab))).toMatchObject({ code: 'Access-Accept' });
    expect(await sendAccessRequest(servers.last, mabRequest(macOfCertificate))).toEqual(UNAVAILABLE);
    for (const mac of [macOfMab, macOfCertificate]) {
      const reply = await authenticateWithCertificate(servers.last, { certificate: other, mac });
      expect(reply).toMatchObject({ success: false, code: 'Access-Reject' });
    }
  });

  test('holds for the configured time, however often it is repeated', async () => {
    await site.withServer({ failMode: 'last', env: { NAC_LAST_DECISION_SECONDS: '2' } }, async (own) => {
      stub.answerWith(PERMIT);
      await sendAccessRequest(own, mabRequest(MAC));
      unavailable();
      expect(await sendAccessRequest(own, mabRequest(MAC))).toMatchObject({ code: 'Access-Accept' });
      await expect
        .poll(() => sendAccessRequest(own, mabRequest(MAC)), { interval: 100, timeout: 10_000 })
        .toEqual(UNAVAILABLE);
    });
  });
});

describe('a connector that does not answer', () => {
  test('holds up no more requests than the pool has places; all others are answered', async () => {
    const places = 4;
    await site.withServer(
      { env: { NAC_MAX_LOOKUPS: String(places), NAC_MAX_SERVERS: '8', NAC_TOTAL_TIMEOUT: '25' } },
      async (own) => {
        const { promise: held, resolve: release } = Promise.withResolvers<StubAnswer>();
        stub.answer = () => held;

        let surplus = 0;
        const surplusAnswered = Promise.withResolvers<void>();
        const devices = Promise.all(
          Array.from({ length: places * 5 }, async () => {
            const reply = await sendAccessRequest(own, mabRequest(newMac()), 20);
            if (reply.code === 'Access-Reject') surplus += 1;
            if (surplus === places * 4) surplusAnswered.resolve();
            return reply.code;
          }),
        );
        try {
          await Promise.race([Promise.all([stub.received(places), surplusAnswered.promise]), devices]);
          expect({ surplus, waiting: stub.lookups.length }).toEqual({ surplus: places * 4, waiting: places });

          const users = await Promise.all(
            Array.from({ length: 40 }, () =>
              sendAccessRequest(own, {
                'User-Name': SITE_USER.name,
                'User-Password': SITE_USER.password,
                'Service-Type': 'NAS-Prompt-User',
              }),
            ),
          );
          expect(users.map(({ code }) => code)).toEqual(Array.from({ length: 40 }, () => 'Access-Accept'));
          // Until here, none of the first devices has been let go.
          expect({ surplus, waiting: stub.lookups.length }).toEqual({ surplus: places * 4, waiting: places });
        } finally {
          release({ body: PERMIT });
          await devices;
        }
        const codes = await devices;
        expect(codes.filter((code) => code === 'Access-Accept')).toHaveLength(places);
        expect(codes.filter((code) => code === 'Access-Reject')).toHaveLength(places * 4);
      },
    );
  });

  test('a burst within the pool is served whole', async () => {
    stub.answerWith(PERMIT);
    await site.withServer({ env: { NAC_MAX_LOOKUPS: '16', NAC_MAX_SERVERS: '32' } }, async (own) => {
      const replies = await Promise.all(Array.from({ length: 12 }, () => sendAccessRequest(own, mabRequest(newMac()))));
      expect(replies.map(({ code }) => code)).toEqual(Array.from({ length: 12 }, () => 'Access-Accept'));
    });
  });
});

describe('the values of nac.env.example', () => {
  const file = path.join(import.meta.dirname, '../../infra/freeradius/nac.env.example');
  const example = Object.fromEntries(
    [...readFileSync(file, 'utf8').matchAll(/^(NAC_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  ) as Readonly<Record<string, string>>;

  test.each([48, 96])('serve %i stations that come back at once while the connector is well', async (stations) => {
    const { NAC_MAX_LOOKUPS = '', NAC_MAX_SERVERS = '' } = example;
    // The time limits are not what is tried: a busy machine may take longer than a site's network.
    const env = { NAC_MAX_LOOKUPS, NAC_MAX_SERVERS, NAC_CONNECT_TIMEOUT: '10', NAC_TOTAL_TIMEOUT: '20' };
    await site.withServer({ env }, async (own) => {
      stub.answer = () => new Promise((resolve) => setTimeout(() => resolve({ body: PERMIT }), 25));
      const requests = Array.from({ length: stations }, (_, n) =>
        mabRequest(`02:00:00:00:10:${n.toString(16).padStart(2, '0')}`),
      );
      const counts = await sendAccessRequests(own, requests, { atOnce: stations, timeoutSeconds: 30 });
      expect(counts).toEqual({ 'Access-Accept': stations });
      expect(stub.lookups).toHaveLength(stations);
    });
  });

  test('repeat a last decision for minutes', () => {
    expect(Number(example['NAC_LAST_DECISION_SECONDS'])).toBeLessThanOrEqual(900);
  });

  test('leave threads beside the lookups for everything else', () => {
    expect(Number(example['NAC_MAX_SERVERS'])).toBeGreaterThanOrEqual(Number(example['NAC_MAX_LOOKUPS']) + 16);
  });
});
