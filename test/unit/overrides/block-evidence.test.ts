// What a block of a user or of a device takes: every spelling of a name, every record of a machine, and what a let-on
// does not.

import { describe, expect, test } from 'vitest';
import type { Device } from '../../../shared/domain/device/device.ts';
import { aDevice, aMac } from '../../support/a-device.ts';
import {
  COMPLIANT,
  COMPLIANT_ENTRA,
  overriddenSite,
  removeDevices,
  storeDevices,
} from '../../support/overridden-site.ts';

const MAC = 'a0b1c2d3e401';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const DENIED = { verdict: 'deny' };

describe('a block of a user', () => {
  const OWNED = 'd0d0d0d0-0000-4000-8000-000000000004';
  const asked = (userName: string) => ({ method: 'site', userName, mac: 'a0b1c2d3e499' });
  const byCertificate = (certificate: Record<string, unknown>) => ({ method: 'eap-tls', certificate });

  test.each<[string, string, Record<string, unknown>]>([
    ['the name of another domain', 'jane@contoso.com', asked('jane@corp.contoso.local')],
    ['the name before Windows 2000', 'jane@contoso.com', asked('CORP\\jane')],
    ['the name of a domain that is not hers', 'jane@contoso.com', asked('OTHER\\Jane')],
    ['the whole name, though the block has the short one', 'CORP\\jane', asked('jane@contoso.com')],
    ['an accent that a directory does not see', 'jane@contoso.com', asked('j\u00e1ne')],
    ['the common name of a certificate', 'jane@contoso.com', byCertificate({ commonName: 'Jane' })],
    ['the device that is hers, by its address', 'jane@contoso.com', { mac: 'a0b1c2d3e404' }],
    [
      'the device that is hers, by its certificate',
      'CORP\\Jane',
      byCertificate({ sanUri: [`IntuneDeviceId://${OWNED}`] }),
    ],
    ['the device that is hers, used by another', 'jane@contoso.com', { ...asked('bob'), mac: 'a0b1c2d3e404' }],
  ])('takes %s; a let-on does not', async (_, user, question) => {
    const owned = { id: OWNED, name: 'LT-4', wifiMac: aMac('a0b1c2d3e404'), serialNumber: 'SN4' };
    const site = await overriddenSite();
    await storeDevices(site.tables, [aDevice({ ...owned, userPrincipalName: 'Jane@contoso.com' })]);
    const letOn = await site.override({ user, role: 'compliant' });
    expect((await site.ask(question)).decision.rule).not.toBe('override/let-on');
    await site.background.endOverride(site.key('admin'), letOn.id);
    await site.override({ user, block: true });
    await site.time.runUntil(site.time.now + 10 * SECOND);
    expect((await site.ask(question)).decision).toMatchObject({ outcome: DENIED, rule: 'override/block' });
    expect((await site.ask(asked('janet@contoso.com'))).decision.rule).not.toBe('override/block');
  });

  test.each(['@contoso.com', 'CORP\\', 'host/lt-1', 'LT-1$'])('that names no person (%s) is refused', async (user) => {
    const site = await overriddenSite();
    await expect(site.override({ user, block: true })).rejects.toMatchObject({
      code: 'NAC_REQUEST_FIELD',
      field: 'user',
    });
  });
});

describe('a block of a device', () => {
  const TWIN = 'd0d0d0d0-0000-4000-8000-000000000004';
  const MARKS = { entraDeviceId: COMPLIANT_ENTRA, serialNumber: 'SN1', wifiMac: aMac(MAC) };
  const OTHER_ENTRA = 'e0e0e0e0-0000-4000-8000-000000000005';
  const twin = (fields: Partial<Device>): Device => {
    const own = { entraDeviceId: OTHER_ENTRA, serialNumber: 'SN9', wifiMac: aMac('a0b1c2d3e409') };
    return aDevice({ id: TWIN, name: 'LT-9', ...own, ...fields });
  };
  const byTwin = { method: 'eap-tls', certificate: { sanUri: [`IntuneDeviceId://${TWIN}`] }, mac: 'a0b1c2d3e409' };
  const { entraDeviceId: _, ...WITHOUT_ENTRA } = twin({});

  test.each<[string, Device, boolean]>([
    ['of the same Entra device', twin({ entraDeviceId: MARKS.entraDeviceId }), true],
    ['with the same serial number', { ...WITHOUT_ENTRA, serialNumber: 'sn1' }, true],
    ['with an address of it', { ...WITHOUT_ENTRA, serialNumber: 'unknown', ethernetMac: aMac(MAC) }, true],
    ['with its serial number and address, set up again', twin({ serialNumber: 'SN1', wifiMac: MARKS.wifiMac }), true],
    ['with its serial number, of another Entra device', twin({ serialNumber: 'SN1' }), false],
    ['that had the same dock', twin({ ethernetMac: aMac(MAC) }), false],
    ['of another machine', twin({}), false],
  ])('takes the record %s as it should', async (__, record, isTaken) => {
    const site = await overriddenSite();
    await site.override({ device: COMPLIANT, block: true });
    // It enrols again later.
    await storeDevices(site.tables, [record]);
    const { rule } = (await site.ask(byTwin)).decision;
    expect(rule === 'override/block').toBe(isTaken);
    await site.override({ device: COMPLIANT, role: 'quarantine' });
    await site.time.runUntil(site.time.now + 10 * SECOND);
    expect((await site.ask(byTwin)).decision.rule).not.toBe('override/let-on');
  });

  test('takes its address where that leads to no record, or to several', async () => {
    const site = await overriddenSite();
    await site.override({ device: COMPLIANT, block: true });
    await storeDevices(site.tables, [twin({ ethernetMac: aMac(MAC) })]);
    expect((await site.ask()).decision).toMatchObject({ standing: 'ambiguous', rule: 'override/block' });
    await removeDevices(site.tables, [COMPLIANT, TWIN]);
    await site.time.runUntil(site.time.now + 2 * MINUTE);
    expect((await site.ask()).decision).toMatchObject({ standing: 'notEnrolled', rule: 'override/block' });
    const byUser = { method: 'eap-tls', certificate: { sanUpn: ['bob@contoso.com'] }, mac: MAC };
    expect((await site.ask(byUser)).decision.rule).toBe('override/block');
  });

  test('shows no more of it than was asked for', async () => {
    const site = await overriddenSite();
    const made = await site.override({ device: COMPLIANT, block: true });
    expect(JSON.stringify(made)).not.toMatch(/SN1|machine/);
    expect(made.warnings).toEqual([]);
    for (const record of [twin({ entraDeviceId: MARKS.entraDeviceId }), twin({ serialNumber: 'SN1' })]) {
      await storeDevices(site.tables, [record]);
      const { warnings } = await site.override({ device: COMPLIANT, block: true, reason: String(record.serialNumber) });
      expect(warnings).toEqual(['device-enrolled-twice']);
    }
  });
});
