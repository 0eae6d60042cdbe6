// The whole main job with real peers: the simulated tenant is polled, and a real FreeRADIUS with the shipped sample gets
// its answers from the function app over HTTPS; asked by radclient (MAB) and eapol_test (EAP-TLS).

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalStack, startLocalStack } from '../../local/local-stack.ts';
import { authenticateWithCertificate } from '../support/freeradius/eapol-test.ts';
import { mabRequest, type RequestAttributes, sendAccessRequest } from '../support/freeradius/radclient.ts';
import { type FreeRadius, startFreeRadius } from '../support/freeradius/start-freeradius.ts';
import { FunctionLines } from '../support/function-lines.ts';

const SITE_USER = { name: 'alice', password: 'alices-password' };

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
    env: { POLL_SCHEDULE: '* * * * * *', POLLING_INTERVAL: '1s' },
    fleetSize: 30,
    onLine: (line) => lines.add(line),
  });
  radius = await startFreeRadius({
    baseUrl: stack.url,
    apiKey: stack.apiKey,
    caFile: stack.caFile,
    siteUsers: [SITE_USER],
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

/** What the switch is told: role and VLAN of an Access-Accept, or the code. */
async function told(reply: Promise<{ code: string; attributes: Readonly<Record<string, string>> }>): Promise<string> {
  const { code, attributes } = await reply;
  return code === 'Access-Accept' ? `${attributes['Filter-Id']}/${attributes['Tunnel-Private-Group-Id:0']}` : code;
}

async function afterPoll(name: string, change: Readonly<Record<string, string>>): Promise<void> {
  const id = device(name).id;
  const seen = lines.next(({ event, device: key }) => event === 'device.changed' && key === `intune|${id}`);
  stack.tenant?.fleet.patch(name, change);
  await seen;
}

describe('MAC authentication bypass', () => {
  it('a compliant device gets its role, with a time to ask again and a reference', async () => {
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

  it('noncompliant, unknown, shared and random addresses go to quarantine', async () => {
    for (const mac of [
      device('NAC-00002').mac,
      'A4-BB-6D-FF-FF-FF',
      device('NAC-00003').mac,
      device('NAC-00006').mac,
    ]) {
      expect(await told(ask(mabRequest(mac))), mac).toBe('quarantine/666');
    }
  });

  it('a flip in Intune is in the next answer after the poll, both ways', async () => {
    const { mac } = device('NAC-00001');
    await afterPoll('NAC-00001', { complianceState: 'noncompliant' });
    expect(await told(ask(mabRequest(mac)))).toBe('quarantine/666');
    await afterPoll('NAC-00001', { complianceState: 'compliant' });
    expect(await told(ask(mabRequest(mac)))).toBe('compliant/10');
  });
});

describe('EAP-TLS', () => {
  const eap = (options: Parameters<typeof authenticateWithCertificate>[1]) =>
    authenticateWithCertificate(radius, options);

  it.each(['ID:Microsoft Endpoint Manager:GUID:', 'IntuneDeviceId://'])(
    'finds the device by %s in the SAN URI, whatever its address, beside other names and the SID',
    async (prefix) => {
      const sanUris = [
        `${prefix}${device('NAC-00001').id.toUpperCase()}`,
        'tag:microsoft.com,2022-09-14:sid:S-1-5-21-1004336348-1177238915-682003330-512',
      ];
      const more = { sanDns: ['laptop-0001.example.com'], sanUpns: ['alice@example.com'], mac: '02:11:22:33:44:55' };
      const reply = await eap({ commonName: 'laptop-0001', sanUris, ...more });
      expect(reply.success).toBe(true);
      expect(await told(Promise.resolve(reply))).toBe('compliant/10');
    },
  );

  it('a noncompliant device and one Intune does not know go to quarantine, compliant address or not', async () => {
    const mac = device('NAC-00001').mac.match(/../g)?.join(':') ?? '';
    expect(await told(eap({ guid: device('NAC-00002').id, mac }))).toBe('quarantine/666');
    expect(await told(eap({ guid: '11111111-2222-3333-4444-555555555555', mac }))).toBe('quarantine/666');
    expect(await told(eap({ commonName: device('NAC-00001').id, mac }))).toBe('quarantine/666');
  });

  it('a DNS name that poses as a device id does not get its role', async () => {
    const forged = `evil.example.com, URI:ID:Microsoft Endpoint Manager:GUID:${device('NAC-00001').id}`;
    expect(await told(eap({ commonName: 'evil', sanDns: [forged] }))).not.toBe('compliant/10');
  });
});

describe('what is not MAB', () => {
  it('is never let in by us, with a compliant device’s address and all', async () => {
    const { mac } = device('NAC-00001');
    const asked = lines.all.length;
    const user = { 'User-Name': 'mallory', 'User-Password': 'guess', 'Calling-Station-Id': mac };
    expect((await ask(user)).code).toBe('Access-Reject');
    expect((await ask({ ...user, 'Service-Type': 'Administrative-User' })).code).toBe('Access-Reject');
    expect((await ask({ ...user, 'Service-Type': 'Call-Check' })).code).toBe('Access-Reject');
    expect((await ask({ ...user, 'User-Name': SITE_USER.name })).code).toBe('Access-Reject');
    expect(lines.all.slice(asked).filter((line) => line.includes('lookup.'))).toEqual([]);
  });

  it('is the site’s own business: its user with the right password gets on without a role of ours', async () => {
    const { mac } = device('NAC-00001');
    const reply = await ask({
      'User-Name': SITE_USER.name,
      'User-Password': SITE_USER.password,
      'Calling-Station-Id': mac,
    });
    expect(reply.code).toBe('Access-Accept');
    expect(reply.attributes).not.toHaveProperty('Filter-Id');
  });
});

describe('a wrong API key', () => {
  it('is no answer: the sample’s fail mode decides', async () => {
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
