// The whole answer of the connector as each kind of access device gets it: VLAN, role, ACL, page and attributes,
// rendered by the connector's own code and sent by the real FreeRADIUS with the shipped configuration.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Permit } from '../../shared/domain/policy/decision.ts';
import { REPLY_ATTRIBUTES, type ReplyAttributes } from '../../shared/domain/policy/reply-attributes.ts';
import { renderText, renderWholeText } from '../../shared/lookup/render-answer.ts';
import { authenticateWithCertificate, authenticateWithPassword } from '../support/freeradius/eapol-test.ts';
import { octets, PERMIT, PERMIT_ATTRIBUTES } from '../support/freeradius/expected-replies.ts';
import type { LookupStub } from '../support/freeradius/lookup-stub.ts';
import { mabRequest, sendAccessRequest } from '../support/freeradius/radclient.ts';
import { type SampleSite, startSampleSite } from '../support/freeradius/sample-site.ts';
import type { FreeRadius } from '../support/freeradius/start-freeradius.ts';

const MAC = '02-AB-CD-EF-00-01';
const ALICE = { name: 'alice', password: 'secret' };
const ID = '0123456789abcdef0123-mhz3k0001a2b3c4d';
const ROLE = { verdict: 'permit', role: 'quarantine', vlan: '666' } as const;
const URL = 'https://help.example/?a=1&b=%20';

let site: SampleSite;
let stub: LookupStub;
let server: FreeRadius;

beforeAll(async () => {
  site = await startSampleSite([ALICE]);
  stub = site.stub;
  server = site.servers.closed;
});

afterAll(() => site?.stop());

beforeEach(() => stub.reset());

/** As the connector renders it for whom asks so. */
function answer(outcome: Permit, render = renderWholeText): void {
  const decision = { id: ID, outcome } as Parameters<typeof renderText>[0]['decision'];
  stub.answerWith(render({ decision, sessionTimeoutSeconds: 3_600, policyAgeSeconds: 0 }));
}

const COMMON = {
  'Tunnel-Type:0': 'VLAN',
  'Tunnel-Medium-Type:0': 'IEEE-802',
  'Tunnel-Private-Group-Id:0': '666',
  'Session-Timeout': '3600',
  'Termination-Action': 'RADIUS-Request',
};
const CLASS = { Class: octets(ID) };

type Row = readonly [kind: string, role: object, withAcl: object, withPage: object];

const CISCO_PAGE = { 'Cisco-AVPair': `url-redirect=${URL}\nurl-redirect-acl=ACL-7` };
const WISPR_PAGE = { 'WISPr-Redirection-URL': URL };

/** What a role alone makes, what an ACL and what a page beside it. */
const ROWS: readonly Row[] = [
  ['cisco', { 'Filter-Id': 'quarantine.in' }, { 'Filter-Id': 'ACL-7.in' }, CISCO_PAGE],
  [
    'cisco-template',
    { 'Cisco-AVPair': 'subscriber:service-name=quarantine' },
    { 'Filter-Id': 'ACL-7.in' },
    { 'Cisco-AVPair': `subscriber:service-name=quarantine\n${CISCO_PAGE['Cisco-AVPair']}` },
  ],
  ['cisco-wlc', { 'Airespace-ACL-Name': 'quarantine' }, { 'Airespace-ACL-Name': 'ACL-7' }, CISCO_PAGE],
  ['cisco-asa', { 'ASA-Group-Policy': 'quarantine' }, { 'Filter-Id': 'ACL-7' }, CISCO_PAGE],
  ['aruba', { 'Aruba-User-Role': 'quarantine' }, { 'Filter-Id': 'ACL-7' }, { 'Aruba-Captive-Portal-URL': URL }],
  ['hp', { 'HP-User-Role': 'quarantine' }, { 'Filter-Id': 'ACL-7' }, { 'HP-Captive-Portal-URL': URL }],
  ['meraki', { 'Filter-Id': 'quarantine' }, { 'Filter-Id': 'ACL-7' }, CISCO_PAGE],
  ['juniper', { 'Filter-Id': 'quarantine' }, { 'Filter-Id': 'ACL-7' }, { 'Juniper-CWA-Redirect': URL }],
  [
    'mist',
    { 'Filter-Id': 'quarantine', 'Airespace-ACL-Name': 'quarantine' },
    { 'Airespace-ACL-Name': 'ACL-7' },
    CISCO_PAGE,
  ],
  ['ruckus', { 'Ruckus-User-Groups': 'quarantine' }, { 'Filter-Id': 'ACL-7' }, WISPR_PAGE],
  ['ruckus-icx', { 'Filter-Id': 'ip.quarantine.in' }, { 'Filter-Id': 'ip.ACL-7.in' }, WISPR_PAGE],
  ['fortinet', { 'Fortinet-Group-Name': 'quarantine' }, { 'Filter-Id': 'ACL-7' }, WISPR_PAGE],
  [
    'extreme',
    { 'Filter-Id': 'Enterasys:version=1:policy=quarantine' },
    { 'Filter-Id': 'Enterasys:version=1:policy=ACL-7' },
    { 'Extreme-Netlogin-Url': URL },
  ],
  ['', { 'Filter-Id': 'quarantine' }, { 'Filter-Id': 'ACL-7' }, WISPR_PAGE],
  ['unheard-of', { 'Filter-Id': 'quarantine' }, { 'Filter-Id': 'ACL-7' }, WISPR_PAGE],
];

describe('the kinds of access devices', () => {
  test.each(ROWS)('%s gets role, ACL, page and attributes in its own way', async (kind, role, withAcl, withPage) => {
    const reference = kind === 'cisco-asa' ? {} : CLASS;
    await site.withServer({ env: { NAC_NAS_TYPE: kind } }, async (own) => {
      const reply = async (outcome: Permit) => {
        answer(outcome);
        return (await sendAccessRequest(own, mabRequest(MAC))).attributes;
      };
      const base = { ...COMMON, ...reference };
      expect(await reply(ROLE)).toEqual({ ...base, ...role });
      expect(await reply({ ...ROLE, acl: 'ACL-7' })).toEqual({ ...base, ...role, ...withAcl });
      const whole = { ...ROLE, acl: 'ACL-7', redirectUrl: URL, attributes: { 'Idle-Timeout': [600] } };
      expect(await reply(whole)).toEqual({ ...base, ...role, ...withAcl, ...withPage, 'Idle-Timeout': '600' });
      // What the policy says of an attribute counts for more than the table.
      const names = Object.keys({ ...role, ...withAcl }).filter(
        (name) => name !== 'Cisco-AVPair' && name in REPLY_ATTRIBUTES,
      );
      const attributes: ReplyAttributes = Object.fromEntries(names.map((name) => [name, ['own']]));
      expect(await reply({ ...ROLE, acl: 'ACL-7', attributes })).toEqual({
        ...base,
        ...role,
        ...withAcl,
        ...Object.fromEntries(names.map((name) => [name, 'own'])),
      });
    });
  });

  test('are those of the README', () => {
    const readme = readFileSync(path.join(import.meta.dirname, '../../infra/freeradius/README.md'), 'utf8');
    const table = readme.slice(readme.indexOf('| `nac_nas_type` |'), readme.indexOf('| none or another |'));
    expect([...table.matchAll(/^\| `([\w-]+)` \| /gm)].map(([, kind]) => kind)).toEqual([
      'nac_nas_type',
      ...ROWS.flatMap(([kind]) => (kind === '' || kind === 'unheard-of' ? [] : [kind])),
    ]);
  });
});

/** One value of each attribute that a policy may name, two of the texts. */
const EVERY_ATTRIBUTE: ReplyAttributes = Object.fromEntries(
  Object.entries(REPLY_ATTRIBUTES).map(([name, type]) => [name, type === 'number' ? [7] : ['one', 'two=2; "x"']]),
);

test('every attribute that a policy may name goes through, each value of it', async () => {
  answer({ ...ROLE, attributes: EVERY_ATTRIBUTE });
  const { attributes } = await sendAccessRequest(server, mabRequest(MAC));
  for (const [name, type] of Object.entries(REPLY_ATTRIBUTES)) {
    const named: Record<string, string> = { 'Airespace-QOS-Level': 'Silver' };
    const value = attributes[name];
    if (type === 'text') expect(value, name).toBe('one\ntwo=2; "x"');
    else expect(['7', named[name]], name).toContain(value);
  }
});

test('the same goes through to a device with a certificate, and to one in a tunnel', async () => {
  answer({ ...ROLE, acl: 'ACL-7', attributes: { 'Filter-Id': ['own'], 'Acct-Interim-Interval': [300] } });
  const replies = [
    await authenticateWithCertificate(server, { commonName: 'device' }),
    await authenticateWithPassword(server, { method: 'TTLS/PAP', user: ALICE.name, password: ALICE.password }),
    await authenticateWithPassword(server, { method: 'PEAP/MSCHAPV2', user: ALICE.name, password: ALICE.password }),
  ];
  for (const { success, attributes } of replies) {
    expect(success).toBe(true);
    expect(attributes).toMatchObject({ 'Filter-Id': 'own', 'Attr-85': '0x0000012c', ...CLASS });
  }
});

test('the largest answer that a policy may give goes through', async () => {
  const attributes = {
    'Cisco-AVPair': Array.from({ length: 12 }, (_, n) => `${String(n).padStart(2, '0')}${'='.repeat(240)}`),
  };
  answer({ ...ROLE, attributes });
  const reply = await sendAccessRequest(server, mabRequest(MAC));
  expect(reply.attributes['Cisco-AVPair']?.split('\n')).toEqual(attributes['Cisco-AVPair']);
});

describe('a hostile answer', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'nac-hostile-'));
  const touched = path.join(folder, 'touched');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** As renderWholeText quotes it, whatever stands in it. */
  const quoted = (text: string) =>
    text.replaceAll(/[^\w.:/-]/g, (sign) => `=${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

  test.each([
    ['an expression', `%{exec:/usr/bin/touch ${touched}}`],
    ['an expression of an attribute', '%{User-Name}'],
    ['an expression of a setting', '%{config:nac.api_key}'],
    ['quotes', `" := 'x' "`],
    ['a list', 'a, Filter-Id=b; c'],
    ['hexadecimal digits', '0x41'],
    ['braces', '}{'],
  ])('is copied into the attribute as it is, and nothing is expanded: %s', async (_, text) => {
    stub.answerWith(`${PERMIT} Filter-Id=${quoted(text)} acl=${quoted(text)} url=${quoted(text)}`);
    const reply = await sendAccessRequest(server, mabRequest(MAC));
    expect(reply).toMatchObject({ code: 'Access-Accept', attributes: { 'Filter-Id': text } });
    await site.withServer({ env: { NAC_NAS_TYPE: 'cisco-wlc' } }, async (own) => {
      const { attributes } = await sendAccessRequest(own, mabRequest(MAC));
      expect(attributes['Airespace-ACL-Name']).toBe(text);
      expect(attributes['Cisco-AVPair']).toBe(`url-redirect=${text}\nurl-redirect-acl=${text}`);
    });
    expect(existsSync(touched)).toBe(false);
  });

  test('sets no attribute that no policy may name', async () => {
    const pieces = [
      'Service-Type=6',
      'Auth-Type=Accept',
      'Cisco-Priv-Level=15',
      'NAC-Outcome=permit',
      'User-Name=root',
    ];
    stub.answerWith(`${PERMIT} ${pieces.join(' ')}`);
    expect(await sendAccessRequest(server, mabRequest(MAC))).toEqual({
      code: 'Access-Accept',
      attributes: PERMIT_ATTRIBUTES,
    });
  });

  test('a number that is none is a reject: the reply would lack what the policy says', async () => {
    stub.answerWith(`${PERMIT} Egress-VLANID=abc`);
    const reply = await sendAccessRequest(server, mabRequest(MAC));
    expect(reply.code).toBe('Access-Reject');
    expect(reply.attributes).not.toHaveProperty('Egress-VLANID');
  });
});

test('a connector of before, which knows the short line alone, is understood', async () => {
  answer({ ...ROLE, acl: 'ACL-7' }, renderText);
  expect(await sendAccessRequest(server, mabRequest(MAC))).toEqual({
    code: 'Access-Accept',
    attributes: { ...COMMON, ...CLASS, 'Filter-Id': 'quarantine' },
  });
  expect(stub.lookups[0]?.headers).toMatchObject({ accept: 'text/plain', prefer: 'answer=whole' });
});
