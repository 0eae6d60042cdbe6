// The whole main job with real peers: the simulated tenant is polled, and a real FreeRADIUS with the shipped sample
// gets its answers from the function app over HTTPS; asked by radclient (MAB, VPN) and eapol_test (EAP-TLS, EAP-TTLS,
// PEAP).

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalStack, startLocalStack } from '../../local/local-stack.ts';
import {
  authenticateWithCertificate,
  authenticateWithPassword,
  type PasswordAuthentication,
} from '../support/freeradius/eapol-test.ts';
import {
  mabRequest,
  type RequestAttributes,
  sendAccessRequest,
  sendAccessRequests,
} from '../support/freeradius/radclient.ts';
import { type FreeRadius, startFreeRadius } from '../support/freeradius/start-freeradius.ts';
import { FunctionLines } from '../support/function-lines.ts';

const SITE_USER = { name: 'alice', password: 'alices-password' };
const COMPUTERS = ['host/nac-00001.contoso.com', 'CONTOSO\\NAC-00001$', 'host/nac-00002.contoso.com'];
const COMPUTER_PASSWORD = 'computers-password';
const SITE_USERS = [SITE_USER, ...COMPUTERS.map((name) => ({ name, password: COMPUTER_PASSWORD }))];
/** Microsoft's strong mapping of a certificate to an account, whose comma separates nothing. */
const STRONG_MAPPING = 'tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-512';

let folder: string;
let stack: LocalStack;
let radius: FreeRadius;
const lines = new FunctionLines();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nac-product-'));
  const firstSweep = lines.next(({ event }) => event === 'poll.run');
  stack = await startLocalStack({
    appFolder: join(import.meta.dirname, '../..'),
    dataFolder: folder,
    env: {
      MINIMUM_ASSURANCE: 'mac',
      LOOKUP_DEADLINE: '2s',
      POLL_SCHEDULE: '* * * * * *',
      POLLING_INTERVAL: '1s',
      // Devices are not read one by one: a process that does so takes ten seconds to end.
      HARDWARE_MAX_AGE: 'off',
    },
    fleetSize: 30,
    onLine: (line) => lines.add(line),
  });
  radius = await startFreeRadius({
    baseUrl: stack.url,
    apiKey: stack.apiKey,
    caFile: stack.caFile,
    siteUsers: SITE_USERS,
  });
  await firstSweep;
});

afterAll(async () => {
  await radius?.stop();
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

function device(name: string): { readonly id: string; readonly mac: string } {
  const found = stack.tenant?.fleet.get(name);
  return { id: String(found?.id), mac: String(found?.wiFiMacAddress) };
}

function ask(attributes: RequestAttributes) {
  return sendAccessRequest(radius, attributes);
}

/** What the switch gets: role and VLAN of an Access-Accept, or the code. */
async function replyOf(
  reply: Promise<{ code: string; attributes: Readonly<Record<string, string>> }>,
): Promise<string> {
  const { code, attributes } = await reply;
  return code === 'Access-Accept' ? `${attributes['Filter-Id']}/${attributes['Tunnel-Private-Group-Id:0']}` : code;
}

async function afterPoll(name: string, state: 'compliant' | 'noncompliant'): Promise<void> {
  const id = device(name).id;
  const seen = lines.next(
    ({ event, device: key, after }) =>
      event === 'device.changed' &&
      key === `intune|${id}` &&
      (after as { complianceState?: string }).complianceState === state,
  );
  stack.tenant?.fleet.patch(name, { complianceState: state });
  await seen;
}

describe('MAC authentication bypass', () => {
  test('a compliant device gets its role, with a time to ask again and a reference', async () => {
    const { code, attributes } = await ask(mabRequest(device('NAC-00001').mac));
    expect(code).toBe('Access-Accept');
    expect(attributes).toMatchObject({
      'Tunnel-Type:0': 'VLAN',
      'Tunnel-Medium-Type:0': 'IEEE-802',
      'Tunnel-Private-Group-Id:0': '10',
      'Filter-Id': 'compliant',
      'Termination-Action': 'RADIUS-Request',
    });
    expect(Number(attributes['Session-Timeout'])).toBeGreaterThanOrEqual(25_920);
    expect(Number(attributes['Session-Timeout'])).toBeLessThanOrEqual(31_680);
    expect(Buffer.from(String(attributes['Class']).slice(2), 'hex').toString()).toMatch(/^[0-9a-f]{20}-[0-9a-z]+$/);
  });

  test('noncompliant, unknown, shared and random addresses go to quarantine', async () => {
    for (const mac of [
      device('NAC-00002').mac,
      'A4-BB-6D-FF-FF-FF',
      device('NAC-00003').mac,
      device('NAC-00006').mac,
    ]) {
      expect(await replyOf(ask(mabRequest(mac))), mac).toBe('quarantine/666');
    }
  });

  test('a flip in Intune is in the next answer after the poll, both ways', async () => {
    const { mac } = device('NAC-00001');
    await afterPoll('NAC-00001', 'noncompliant');
    expect(await replyOf(ask(mabRequest(mac)))).toBe('quarantine/666');
    await afterPoll('NAC-00001', 'compliant');
    expect(await replyOf(ask(mabRequest(mac)))).toBe('compliant/10');
  });
});

describe('EAP-TLS', () => {
  const eap = (options: Parameters<typeof authenticateWithCertificate>[1]) =>
    authenticateWithCertificate(radius, options);

  test.each(['ID:Microsoft Endpoint Manager:GUID:', 'IntuneDeviceId://', 'ID:Intune:GUID:', 'ID:Intune:DeviceID:'])(
    'finds the device by %s in the SAN URI, whatever its address, beside other names and the SID',
    async (prefix) => {
      const uri = `${prefix}${device('NAC-00001').id.toUpperCase()}`;
      const more = { sanDns: ['laptop-0001.example.com'], sanUpns: ['alice@example.com'], mac: '02:11:22:33:44:55' };
      for (const sanUris of [[uri, STRONG_MAPPING], [STRONG_MAPPING, uri], [`${uri},${STRONG_MAPPING}`]]) {
        const reply = await eap({ commonName: 'laptop-0001', sanUris, ...more });
        expect(reply.success, sanUris.join(' and ')).toBe(true);
        expect(await replyOf(Promise.resolve(reply))).toBe('compliant/10');
      }
    },
  );

  test.each<[what: string, names: () => Parameters<typeof authenticateWithCertificate>[1]]>([
    ['the id as a DNS name', () => ({ commonName: 'laptop', sanDns: [device('NAC-00001').id] })],
    ['the id as the common name', () => ({ commonName: device('NAC-00001').id })],
    ['the name as the common name', () => ({ commonName: 'NAC-00001' })],
    ['the name with its domain', () => ({ commonName: 'nac-00001.contoso.com' })],
    ['the name as Windows writes it', () => ({ commonName: 'host/nac-00001.contoso.com' })],
    ['the name as a DNS name', () => ({ commonName: 'laptop', sanDns: ['nac-00001.contoso.com'] })],
  ])('finds the device by %s', async (_what, names) => {
    expect(await replyOf(eap({ ...names(), sanUris: [STRONG_MAPPING] }))).toBe('compliant/10');
  });

  test('a noncompliant device and one Intune does not know go to quarantine, compliant address or not', async () => {
    const mac = device('NAC-00001').mac.match(/../g)?.join(':') ?? '';
    expect(await replyOf(eap({ guid: device('NAC-00002').id, mac }))).toBe('quarantine/666');
    expect(await replyOf(eap({ guid: '11111111-2222-3333-4444-555555555555', mac }))).toBe('quarantine/666');
    expect(await replyOf(eap({ commonName: '11111111-2222-3333-4444-555555555555', mac }))).toBe('quarantine/666');
    expect(await replyOf(eap({ commonName: 'nobody', mac }))).toBe('quarantine/666');
  });

  test('a DNS name that poses as a device id does not get its role', async () => {
    const forged = `evil.example.com, URI:ID:Microsoft Endpoint Manager:GUID:${device('NAC-00001').id}`;
    expect(await replyOf(eap({ commonName: 'evil', sanDns: [forged] }))).not.toBe('compliant/10');
  });
});

describe('EAP-TTLS and PEAP', () => {
  const stranger = '02:11:22:33:44:55';

  function tunnel(options: Partial<PasswordAuthentication>) {
    return authenticateWithPassword(radius, {
      method: 'TTLS/PAP',
      user: SITE_USER.name,
      password: SITE_USER.password,
      ...options,
    });
  }

  test.each(['TTLS/PAP', 'PEAP/MSCHAPV2'] as const)('%s: a user’s device is found by its address', async (method) => {
    const mac = (name: string) => device(name).mac.match(/../g)?.join(':') ?? '';
    expect(await replyOf(tunnel({ method, mac: mac('NAC-00001') }))).toBe('compliant/10');
    expect(await replyOf(tunnel({ method, mac: mac('NAC-00002') }))).toBe('quarantine/666');
    expect(await replyOf(tunnel({ method, mac: stranger }))).toBe('quarantine/666');
  });

  test.each([
    ['TTLS/PAP', COMPUTERS[0], 'compliant/10'],
    ['TTLS/PAP', COMPUTERS[1], 'compliant/10'],
    ['TTLS/PAP', COMPUTERS[2], 'quarantine/666'],
    ['PEAP/MSCHAPV2', COMPUTERS[0], 'compliant/10'],
    ['PEAP/MSCHAPV2', COMPUTERS[1], 'compliant/10'],
  ] as const)('%s: the computer account %s is the device, whatever its address', async (method, user = '', outcome) => {
    expect(await replyOf(tunnel({ method, user, password: COMPUTER_PASSWORD, mac: stranger }))).toBe(outcome);
  });

  test('a name outside of the tunnel counts for nothing', async () => {
    for (const outerIdentity of COMPUTERS) {
      expect(await replyOf(tunnel({ outerIdentity, mac: stranger })), outerIdentity).toBe('quarantine/666');
    }
  });
});

describe('a VPN', () => {
  const login = { 'User-Name': SITE_USER.name, 'User-Password': SITE_USER.password, 'Service-Type': 'Framed-User' };
  const vpn = (pairs: readonly string[]) =>
    ask({ ...login, 'Calling-Station-Id': '198.51.100.7', 'NAS-Port-Type': 'Virtual', 'Cisco-AVPair': pairs });
  const dashed = (mac: string) => mac.toLowerCase().match(/../g)?.join('-') ?? '';

  test('finds the device by what the client reports of it', async () => {
    const platform = ['mdm-tlv=device-platform=win', 'mdm-tlv=device-type=Contoso, Inc. "Laptop"', 'coa-push=true'];
    const id = (name: string) => `mdm-tlv=device-platform-version=ID:Intune:DeviceID:${device(name).id}`;
    expect(await replyOf(vpn([...platform, `mdm-tlv=device-mac=${dashed(device('NAC-00001').mac)}`]))).toBe(
      'compliant/10',
    );
    expect(await replyOf(vpn([...platform, id('NAC-00001')]))).toBe('compliant/10');
    expect(await replyOf(vpn([...platform, id('NAC-00002')]))).toBe('quarantine/666');
    expect(await replyOf(vpn(platform))).toBe('quarantine/666');
  });

  test('is not misled by hostile pairs', async () => {
    const hostile = ['mdm-tlv=","method":"mab', '%{config:nac.api_key}', '"]}', '\\', 'mdm-tlv=device-mac=\n'];
    expect(await replyOf(vpn(hostile))).toBe('quarantine/666');
  });
});

describe('hostile names', () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x22, 0x25, 0x7b, 0x80]);

  test('from certificate to reply do nothing', async () => {
    const expression = '%{config:nac.api_key} "quotes" \\, new\nline","method":"mab';
    const guid = device('NAC-00001').id;
    const mac = device('NAC-00001').mac.match(/../g)?.join(':') ?? '';
    const eap = (options: Parameters<typeof authenticateWithCertificate>[1]) =>
      replyOf(authenticateWithCertificate(radius, { mac, ...options }));
    expect(await eap({ guid, commonName: expression, identity: expression })).toBe('compliant/10');
    expect(await eap({ guid, identity: bytes })).toBe('compliant/10');
    expect(await eap({ commonName: expression, identity: bytes })).toBe('quarantine/666');
    // Too long to be sent: it has no names for the connector, whatever they are.
    const long = ['y'.repeat(1800), 'z'.repeat(1800)];
    expect(await eap({ guid, commonName: 'x'.repeat(64), sanDns: long })).toBe('quarantine/666');
  });

  test('in a tunnel and from a VPN neither', async () => {
    const alice = { user: SITE_USER.name, password: SITE_USER.password, mac: '02:11:22:33:44:55' };
    const tunnel = authenticateWithPassword(radius, { method: 'TTLS/PAP', ...alice, outerIdentity: bytes });
    expect(await replyOf(tunnel)).toBe('quarantine/666');
    const login = { 'User-Name': SITE_USER.name, 'User-Password': SITE_USER.password };
    expect(await replyOf(ask({ ...login, 'Cisco-AVPair': [bytes, 'coa-push=true'] }))).toBe('quarantine/666');
  });
});

describe('200 unknown addresses a second while Intune hangs', () => {
  test('are all answered, and so is every certificate', async () => {
    const own = await startFreeRadius({
      baseUrl: stack.url,
      apiKey: stack.apiKey,
      caFile: stack.caFile,
      env: { NAC_MAX_LOOKUPS: '64', NAC_MAX_SERVERS: '96', NAC_TOTAL_TIMEOUT: '20' },
    });
    for (const target of ['page', 'device', 'batch', 'delta'] as const) {
      stack.tenant?.script({ target, hang: true, times: 1_000_000 });
    }
    try {
      const addresses = Array.from({ length: 400 }, (_, n) => `A4BB6E00${n.toString(16).padStart(4, '0')}`);
      const flood = sendAccessRequests(
        own,
        addresses.map((mac) => mabRequest(mac)),
        { perSecond: 200, timeoutSeconds: 30 },
      );
      const outcomes: string[] = [];
      for (const name of ['NAC-00001', 'NAC-00002', 'NAC-00001', 'NAC-00001', 'NAC-00002', 'NAC-00001']) {
        const options = { guid: device(name).id, timeoutSeconds: 30 };
        outcomes.push(await replyOf(authenticateWithCertificate(own, options)));
      }
      expect(await flood).toEqual({ 'Access-Accept': 400 });
      const [compliant, quarantine] = ['compliant/10', 'quarantine/666'];
      expect(outcomes).toEqual([compliant, quarantine, compliant, compliant, quarantine, compliant]);
    } finally {
      stack.tenant?.clearScripts();
      await own.stop();
    }
  });
});

describe('what is not MAB', () => {
  test('is never let in by us, with a compliant device’s address and all', async () => {
    const { mac } = device('NAC-00001');
    const asked = lines.all.length;
    const user = { 'User-Name': 'mallory', 'User-Password': 'guess', 'Calling-Station-Id': mac };
    expect((await ask(user)).code).toBe('Access-Reject');
    expect((await ask({ ...user, 'Service-Type': 'Administrative-User' })).code).toBe('Access-Reject');
    expect((await ask({ ...user, 'Service-Type': 'Call-Check' })).code).toBe('Access-Reject');
    expect((await ask({ ...user, 'User-Name': SITE_USER.name })).code).toBe('Access-Reject');
    expect(lines.all.slice(asked).filter((line) => line.includes('lookup.'))).toEqual([]);
  });

  test('is the site’s own business where an administrator logs in on the switch', async () => {
    const { mac } = device('NAC-00001');
    const reply = await ask({
      'User-Name': SITE_USER.name,
      'User-Password': SITE_USER.password,
      'Service-Type': 'NAS-Prompt-User',
      'Calling-Station-Id': mac,
    });
    expect(reply.code).toBe('Access-Accept');
    expect(reply.attributes).not.toHaveProperty('Filter-Id');
  });
});

describe('a wrong API key', () => {
  test('is no answer: the sample’s fail mode decides', async () => {
    const stranger = await startFreeRadius({
      baseUrl: stack.url,
      apiKey: `stranger.${'0'.repeat(64)}`,
      caFile: stack.caFile,
    });
    try {
      const reply = await sendAccessRequest(stranger, mabRequest(device('NAC-00001').mac));
      expect(reply).toMatchObject({ code: 'Access-Reject', attributes: { 'Reply-Message': 'NAC lookup unavailable' } });
    } finally {
      await stranger.stop();
    }
  });
});
