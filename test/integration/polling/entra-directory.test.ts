// Entra's directory as a source, over HTTPS against the simulated tenant: list, point reads, and what changed.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { entraObjectId } from '../../../local/intune-tenant/entra-device.ts';
import { type IntuneTenant, startIntuneTenant } from '../../../local/intune-tenant/intune-tenant.ts';
import { type EntraAccess, openEntraSource } from '../../../shared/adapters/entra-directory/open-entra-source.ts';
import type { Device } from '../../../shared/domain/device/device.ts';
import { standingClock } from '../../support/adjustable-clock.ts';

const GROUP = '9a000000-0000-4000-8000-000000000001';
const NESTED = '9a000000-0000-4000-8000-000000000002';
const MAC_OF_JAMF = '77000000-0000-4000-8000-000000000007';
const ROLES = { graph: ['Device.Read.All', 'User.Read.All', 'GroupMember.Read.All'], intune: [] };
let tenant: IntuneTenant;
let folder: string;
let source: EntraAccess;
const opened: EntraAccess[] = [];

function open(wishes: { users: boolean; groups: readonly string[] }): EntraAccess {
  const credential = { kind: 'secret', secret: tenant.clientSecret } as const;
  const { tenantId, clientId, authorityHost } = tenant;
  const access = openEntraSource(
    'entra',
    {
      ...wishes,
      entra: { tenantId, clientId, authorityHost, credential },
      graphEndpoint: tenant.graphUrl,
      network: { extraCaFile: join(folder, 'ca.pem'), connectTimeoutMs: 5_000, readTimeoutMs: 20_000 },
    },
    standingClock(),
  );
  opened.push(access);
  return access;
}

beforeAll(async () => {
  tenant = await startIntuneTenant({ fleetSize: 250, roles: ROLES });
  folder = await mkdtemp(join(tmpdir(), 'nac-entra-'));
  await writeFile(join(folder, 'ca.pem'), tenant.caPem);
  tenant.people.createGroup(GROUP);
  tenant.people.createGroup(NESTED);
  source = open({ users: true, groups: [GROUP] });
});
afterEach(() => tenant.clearScripts());
afterAll(async () => {
  await Promise.all(opened.map((access) => access.close()));
  await tenant.close();
  await rm(folder, { recursive: true });
});

async function listed(access = source): Promise<Map<string, Device>> {
  const devices = new Map<string, Device>();
  let cursor: string | undefined;
  do {
    const page = await access.list?.listDevices(cursor);
    for (const record of page?.records ?? []) {
      const { device } = record.read();
      if (device !== undefined) devices.set(device.id, device);
    }
    cursor = page?.nextCursor;
  } while (cursor !== undefined);
  return devices;
}

async function read(id: string, access = source): Promise<unknown> {
  const [reading] = (await access.devices?.readDevices([id])) ?? [];
  return reading?.kind === 'found' ? reading.device : reading?.kind;
}

/** All changes since a link, and the link for the next time. */
async function changesSince(link?: string): Promise<{ ids: (string | undefined)[]; link: string | undefined }> {
  const ids: (string | undefined)[] = [];
  let at = link;
  for (;;) {
    const page = await source.hints?.read(at);
    ids.push(...(page?.changes ?? []).map(({ id }) => id));
    if (page?.nextLink === undefined) return { ids, link: page?.deltaLink };
    at = page.nextLink;
  }
}

const managed = (name: string) => {
  const { azureADDeviceId, userId } = tenant.fleet.get(name);
  return { id: entraObjectId(azureADDeviceId ?? ''), deviceId: azureADDeviceId ?? '', user: userId ?? '' };
};

test('the list is whole in pages, and a point read says the same of each device', async () => {
  const devices = await listed();
  expect(devices.size).toBe(250);
  const { id, deviceId } = managed('NAC-00001');
  expect(devices.get(id)).toMatchObject({
    source: 'entra',
    complianceState: 'compliant',
    entraDeviceId: deviceId,
    accountEnabled: true,
    ownerAccount: 'enabled',
    groups: `-${GROUP}`,
  });
  expect(await read(id)).toEqual(devices.get(id));
  expect(await read('00000000-0000-4000-8000-00000000dead')).toBe('absent');
});

test('a device of a partner’s MDM has its verdict, and one that no MDM manages is never compliant', async () => {
  const id = entraObjectId(MAC_OF_JAMF);
  tenant.directory.set(MAC_OF_JAMF, { isManaged: true, isCompliant: true, managementType: 'MDM' });
  expect(await read(id)).toMatchObject({ complianceState: 'compliant', ownerAccount: 'none' });
  tenant.directory.set(MAC_OF_JAMF, { isCompliant: false });
  expect(await read(id)).toMatchObject({ complianceState: 'noncompliant' });
  tenant.directory.set(MAC_OF_JAMF, { isCompliant: true, complianceExpirationDateTime: '2020-01-01T00:00:00Z' });
  expect(await read(id)).toMatchObject({ complianceState: 'noncompliant' });
  tenant.directory.set(MAC_OF_JAMF, { isManaged: false, complianceExpirationDateTime: null });
  expect(await read(id)).toMatchObject({ complianceState: 'unknown', managementAgent: 'notManaged' });
});

test('a disabled device, a disabled user and a member of a group are hinted at, and read as what they are', async () => {
  const [device, owned, member] = [managed('NAC-00005'), managed('NAC-00007'), managed('NAC-00009')];
  const start = await changesSince();
  expect(start.ids).toEqual([]);
  tenant.directory.set(device.deviceId, { accountEnabled: false });
  tenant.people.setEnabled(owned.user, false);
  tenant.people.addMember(GROUP, { id: member.user, type: 'user' });
  const { ids, link } = await changesSince(start.link);
  expect(new Set(ids)).toEqual(new Set([device.id, owned.id, member.id]));
  expect(await read(device.id)).toMatchObject({ accountEnabled: false });
  expect(await read(owned.id)).toMatchObject({ ownerAccount: 'disabled' });
  expect(await read(member.id)).toMatchObject({ groups: `+${GROUP}` });
  expect((await listed()).get(member.id)).toMatchObject({ groups: `+${GROUP}` });
  expect((await changesSince(link)).ids).toEqual([]);
  tenant.people.deleteUser(owned.user);
  expect(await read(owned.id)).toMatchObject({ ownerAccount: 'none' });
});

test('a member of a group within the group is one of the whole', async () => {
  const { id } = managed('NAC-00011');
  tenant.people.addMember(NESTED, { id, type: 'device' });
  tenant.people.addMember(GROUP, { id: NESTED, type: 'group' });
  expect(await read(id)).toMatchObject({ groups: `+${GROUP}` });
  expect((await listed()).get(id)).toMatchObject({ groups: `+${GROUP}` });
});

test('a link that expired says so, and what was removed is named by its object id', async () => {
  const { link } = await changesSince();
  const { id, deviceId } = managed('NAC-00020');
  tenant.fleet.remove('NAC-00020');
  tenant.directory.delete(deviceId);
  const page = await source.hints?.read(link);
  expect(page?.changes.filter(({ removed }) => removed).map((change) => change.id)).toEqual([id]);
  tenant.directory.demandResync();
  await expect(changesSince(link)).rejects.toMatchObject({ code: 'NAC_SOURCE_DELTA_EXPIRED' });
});

test('without the permission for groups nothing is known of them; without that for users no device is read', async () => {
  tenant.register({ roles: { graph: ['Device.Read.All'], intune: [] } });
  const { id } = managed('NAC-00001');
  const withGroups = open({ users: false, groups: [GROUP] });
  expect(await read(id, withGroups)).not.toHaveProperty('groups');
  expect((await listed(withGroups)).get(id)).not.toHaveProperty('groups');
  const withUsers = open({ users: true, groups: [] });
  expect(await read(id, withUsers)).toBe('failed');
  const shown = [...(await listed(withUsers)).values()].map(({ ownerAccount }) => ownerAccount);
  expect(new Set(shown)).toEqual(new Set(['none']));
  tenant.register({ roles: ROLES });
});

test.each([
  ['leads to another host', { value: [], '@odata.nextLink': 'https://evil.example/v1.0/devices' }],
  ['is no list', { value: 'x' }],
])('a page that %s is refused', async (_, body) => {
  tenant.script({ target: 'devices', body: JSON.stringify(body) });
  await expect(listed(open({ users: false, groups: [] }))).rejects.toMatchObject({ code: 'NAC_SOURCE_PAGE' });
});

test('records that cannot be trusted bring no device, and one whose name holds control characters does', async () => {
  const id = '11111111-1111-4111-8111-111111111111';
  const record = {
    id,
    deviceId: id,
    accountEnabled: true,
    isManaged: true,
    isCompliant: true,
    displayName: '<b>\u0000x',
  };
  const value = [record, { ...record, id: 'x' }, { ...record, deviceId: null }, { ...record, accountEnabled: null }];
  tenant.script({ target: 'devices', body: JSON.stringify({ value }) });
  const page = await open({ users: false, groups: [] }).list?.listDevices(undefined);
  expect(page?.records.map((each) => each.read().device?.name)).toEqual(['<b> x', undefined, undefined, undefined]);
});

test('being asked to slow down is passed on with its time', async () => {
  tenant.script({ target: 'devices', answer: 'tooManyRequests', retryAfterSeconds: 7 });
  await expect(open({ users: false, groups: [] }).list?.listDevices(undefined)).rejects.toMatchObject({
    code: 'NAC_SOURCE_THROTTLED',
    retryAfterMs: 7_000,
  });
});
