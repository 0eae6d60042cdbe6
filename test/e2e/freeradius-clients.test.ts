// What the shipped FreeRADIUS configuration demands of access devices: signed requests, and a word for who is a
// console. Run by the real server against a lookup function which the test controls.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fieldRequest } from '../support/field-cases.ts';
import { PERMIT, PERMIT_ATTRIBUTES } from '../support/freeradius/expected-replies.ts';
import type { LookupStub } from '../support/freeradius/lookup-stub.ts';
import {
  mabRequest,
  type RequestAttributes,
  sendAccessRequest,
  sendStatusServer,
  sendUnsignedAccessRequest,
} from '../support/freeradius/radclient.ts';
import { FAIL_MODES, type SampleSite, startSampleSite } from '../support/freeradius/sample-site.ts';

const MAC = '02-AB-CD-EF-00-01';
const ALICE = { name: 'alice', password: 'secret' };
const LOGIN = { 'User-Name': ALICE.name, 'User-Password': ALICE.password };
/** What a proxy adds, and what the attack on unsigned requests needs to see in the reply. */
const PROXY_STATE = { 'Proxy-State': '0x0102030405060708' };

let site: SampleSite;
let stub: LookupStub;

beforeAll(async () => {
  site = await startSampleSite([ALICE]);
  stub = site.stub;
});

afterAll(() => site?.stop());

beforeEach(() => stub.reset());

describe('Message-Authenticator', () => {
  test('a request without it gets neither a lookup nor a reply', async () => {
    for (const request of [mabRequest(MAC), mabRequest(MAC, PROXY_STATE), LOGIN]) {
      expect(await sendUnsignedAccessRequest(site.servers.closed, request, 1)).toMatchObject({ code: 'timeout' });
    }
    expect(stub.lookups).toHaveLength(0);
  });

  test('a client that cannot send it may be declared, and its replies are signed all the same', async () => {
    const declared = {
      file: 'radiusd.conf',
      from: 'require_message_authenticator = yes',
      to: 'require_message_authenticator = no',
    };
    await site.withServer({ siteChanges: [declared] }, async (own) => {
      stub.answerWith(PERMIT);
      expect(await sendUnsignedAccessRequest(own, mabRequest(MAC), 10)).toMatchObject({ code: 'Access-Accept' });
      stub.answerWith('deny');
      expect(await sendUnsignedAccessRequest(own, mabRequest(MAC), 10)).toMatchObject({ code: 'Access-Reject' });
    });
  });

  // The reader of replies fails on one that does not begin with it.
  test.each<[name: string, request: RequestAttributes, code: string, answer: string, status?: number]>([
    ['an accept', mabRequest(MAC, PROXY_STATE), 'Access-Accept', PERMIT],
    ['an accept with pieces', mabRequest(MAC), 'Access-Accept', `${PERMIT} Cisco-AVPair=a=3Db`],
    ['a reject', mabRequest(MAC, PROXY_STATE), 'Access-Reject', 'deny'],
    ['a reject without an answer', mabRequest(MAC), 'Access-Reject', '', 503],
    ['an accept after a login', LOGIN, 'Access-Accept', PERMIT],
    ['a reject after a login', LOGIN, 'Access-Reject', 'deny'],
    ['a wrong password', { ...LOGIN, 'User-Password': 'wrong' }, 'Access-Reject', PERMIT],
    ['an unknown user', { 'User-Name': 'bob', 'User-Password': 'x' }, 'Access-Reject', PERMIT],
    ['a request without a name', { 'NAS-Identifier': 'switch-1' }, 'Access-Reject', PERMIT],
    ['an administrator', { ...LOGIN, 'Service-Type': 'Administrative-User' }, 'Access-Accept', PERMIT],
    [
      'a challenge',
      { 'User-Name': 'x', 'EAP-Message': `0x020100060178`, 'Calling-Station-Id': MAC },
      'Access-Challenge',
      PERMIT,
    ],
  ])('is the first attribute of %s', async (_, request, code, answer, status = 200) => {
    for (const mode of FAIL_MODES) {
      if (status === 503 && mode === 'open') continue;
      stub.answerWith(answer, { status });
      expect(await sendAccessRequest(site.servers[mode], request), mode).toMatchObject({ code });
    }
  });

  test('is the first attribute of the answer to Status-Server', async () => {
    expect(await sendStatusServer(site.servers.closed)).toMatchObject({ code: 'Access-Accept' });
  });
});

describe('Login-User', () => {
  const portal: RequestAttributes = { ...fieldRequest('a-fortigate-webauth.rad'), ...LOGIN };

  test('at the portal of a firewall is looked up, and gets what the connector says', async () => {
    stub.answerWith(PERMIT);
    expect(await sendAccessRequest(site.servers.closed, portal)).toEqual({
      code: 'Access-Accept',
      attributes: PERMIT_ATTRIBUTES,
    });
    expect(stub.question()).toMatchObject({ method: 'site', callingStationId: '3C-52-82-2C-0F-7B' });
    stub.answerWith('deny');
    for (const mode of FAIL_MODES) {
      expect(await sendAccessRequest(site.servers[mode], portal), mode).toMatchObject({ code: 'Access-Reject' });
    }
  });

  test('of a client declared as a console is a person at the console', async () => {
    await site.withServer({ env: { NAC_CONSOLE: 'yes' } }, async (own) => {
      for (const port of ['Async', 'Virtual', 'Ethernet']) {
        const request = { ...LOGIN, 'Service-Type': 'Login-User', 'NAS-Port-Type': port };
        expect(await sendAccessRequest(own, request), port).toEqual({ code: 'Access-Accept', attributes: {} });
      }
      expect(await sendAccessRequest(own, { ...LOGIN, 'Service-Type': 'Login-User' })).toMatchObject({
        code: 'Access-Accept',
      });
      expect(stub.lookups).toHaveLength(0);
      expect(await sendAccessRequest(own, { ...portal, 'User-Password': 'wrong' })).toMatchObject({
        code: 'Access-Reject',
      });
      // Nothing else becomes a console's: a station is a station.
      for (const request of [LOGIN, { ...LOGIN, 'Service-Type': 'Framed-User' }, mabRequest(MAC)]) {
        expect(await sendAccessRequest(own, request)).toMatchObject({ code: 'Access-Reject' });
      }
      expect(stub.lookups).toHaveLength(3);
    });
  });

  test('any other word than yes declares no console', async () => {
    for (const word of ['', 'no', 'Yes ', 'true']) {
      stub.reset();
      await site.withServer({ env: { NAC_CONSOLE: word } }, async (own) => {
        expect(await sendAccessRequest(own, portal), word).toMatchObject({ code: 'Access-Reject' });
      });
      expect(stub.lookups, word).toHaveLength(1);
    }
  });
});

test('the sample as it is shipped demands signed requests of its only client', () => {
  const file = readFileSync(path.join(import.meta.dirname, '../../infra/freeradius/radiusd.conf'), 'utf8');
  expect([...file.matchAll(/^client /gm)]).toHaveLength(1);
  expect(file).toMatch(/^\trequire_message_authenticator = yes$/m);
});
