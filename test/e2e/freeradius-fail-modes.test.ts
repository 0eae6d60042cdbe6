// When the shipped FreeRADIUS configuration goes into its fail mode: if the connector was asked in vain, and only then.
// Run by the real server against a lookup function which the test controls.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authenticateWithCertificate } from '../support/freeradius/eapol-test.ts';
import {
  FALLBACK_ATTRIBUTES,
  PERMIT,
  PERMIT_ATTRIBUTES,
  UNAVAILABLE,
  withoutEap,
} from '../support/freeradius/expected-replies.ts';
import type { LookupStub, StubAnswer } from '../support/freeradius/lookup-stub.ts';
import { mabRequest, sendAccessRequest, sendAccessRequests } from '../support/freeradius/radclient.ts';
import { FAIL_MODES, type SampleSite, startSampleSite } from '../support/freeradius/sample-site.ts';

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

let site: SampleSite;
let stub: LookupStub;

beforeAll(async () => {
  site = await startSampleSite([]);
  stub = site.stub;
});

afterAll(() => site?.stop());

beforeEach(() => stub.reset());

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
