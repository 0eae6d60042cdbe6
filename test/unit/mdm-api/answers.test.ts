// What Cisco ISE hears of one device, by every criterion and in every version, over the whole app with tables in
// memory.

import { describe, expect, test } from 'vitest';
import { COMPLIANCE_STATES } from '../../../shared/domain/device/compliance-state.ts';
import type { Device } from '../../../shared/domain/device/device.ts';
import { RequestError } from '../../../shared/errors.ts';
import { VERSION } from '../../../shared/version.ts';
import { aDevice, aMac, DEVICE_ID } from '../../support/a-device.ts';
import { canonicalXml } from '../../support/canonical-xml.ts';
import { type IseInMemory, iseInMemory } from '../../support/ise-in-memory.ts';

const ENTRA_ID = 'e0e0e0e0-0000-4000-8000-00000000000e';
const PHONE: Device = aDevice({
  entraDeviceId: ENTRA_ID,
  wifiMac: aMac('f434f0a1e478'),
  ethernetMac: aMac('f434f0a1e479'),
  manufacturer: 'Apple',
  model: 'iPad 8th Gen',
  phoneNumber: '+49 30 901820',
  imei: '356938035643809',
  meid: 'a0000000002329',
  udid: '00008020-0015784C218A402E',
  serialNumber: 'F9GDX3RQQ1GC',
  operatingSystem: 'iOS',
  osVersion: '14.4',
  isEncrypted: true,
  pinLocked: true,
  jailBroken: 'false',
});
const FLEET = [PHONE];

async function ise(env: Readonly<Record<string, string>> = {}, ...devices: Device[]): Promise<IseInMemory> {
  const site = await iseInMemory(env);
  await site.store(...(devices.length > 0 ? devices : FLEET));
  return site;
}

function by(criterion: string, value: string, version = 3): string {
  return `/ciscoise/mdmapi/v${version}/devices/?paging=0&querycriteria=${criterion}&value=${encodeURIComponent(value)}&filter=all`;
}

/** What an answer says in the element, once for each time that it stands there. */
function said(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(([, text = '']) => text);
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof RequestError) return `${thrown.status} ${thrown.code}`;
  throw thrown ?? new Error('it was answered');
}

describe('mdminfo', () => {
  test('says which version both speak, and where the rest is', async () => {
    const site = await ise();
    const xml = await site.get('/branch/ciscoise/mdminfo/?ise_api_version=3');
    expect(canonicalXml(xml)).toBe(
      canonicalXml(`<ise_api><name>mdminfo</name><api_version>3</api_version>
        <api_path>/branch/ciscoise/mdmapi/v3</api_path><redirect_url>https://portal.manage.microsoft.com/</redirect_url>
        <query_max_size>1000</query_max_size><messaging_support>false</messaging_support>
        <vendor>Serverless Cloud NAC Connector</vendor><product_name>Serverless Cloud NAC Connector</product_name>
        <product_version>${VERSION}</product_version></ise_api>`),
    );
    const path = said(xml, 'api_path')[0];
    expect(said(await site.get(`${path}/devices/?querycriteria=guid&value=${DEVICE_ID}`), 'guid')).toHaveLength(2);
  });
});

describe('a device', () => {
  test('by GUID has every attribute that is known, and no other', async () => {
    const site = await ise();
    expect(canonicalXml(await site.get(by('guid', DEVICE_ID)))).toBe(
      canonicalXml(`<ise_api><name>attributes</name><api_version>3</api_version><paging_info>0</paging_info><deviceList>
        <device><guid>${DEVICE_ID}</guid><attributes><register_status>true</register_status>
        <compliance><status>true</status></compliance><disk_encryption_on>true</disk_encryption_on>
        <pin_lock_on>true</pin_lock_on><jail_broken>false</jail_broken>
        <manufacturer>Apple</manufacturer><model>iPad 8th Gen</model><imei>356938035643809</imei>
        <meid>a0000000002329</meid><udid>00008020-0015784C218A402E</udid><serial_number>F9GDX3RQQ1GC</serial_number>
        <os_version>iOS 14.4</os_version><phone_number>+49 30 901820</phone_number><lastCheckinTimeStamp>${Date.UTC(2026, 10, 20, 8)}</lastCheckinTimeStamp>
        <guid>${DEVICE_ID}</guid><macaddresses>F434F0A1E478,F434F0A1E479</macaddresses></attributes></device>
        </deviceList></ise_api>`),
    );
  });

  test.each([1, 2])('by address in version %i has no element of version 3', async (version) => {
    const site = await ise();
    const xml = await site.get(by('macaddress', 'F434F0A1E479', version));
    expect(said(xml, 'api_version')).toEqual([String(version)]);
    expect(said(xml, 'macaddress')).toEqual(['F434F0A1E479']);
    expect(xml).not.toMatch(/guid|lastCheckinTimeStamp|macaddresses/);
  });

  test.each([
    ['udid', '00008020-0015784C218A402E'],
    ['udid', '00008020-0015784c218a402e'],
    ['imei', '356938035643809'],
    ['meid', 'A0000000002329'],
  ])('by %s answers with the address', async (criterion, value) => {
    const xml = await (await ise()).get(by(criterion, value));
    expect(said(xml, 'macaddress')).toEqual(['F434F0A1E478']);
    expect(said(xml, 'guid')).toEqual([DEVICE_ID]);
  });

  test.each([
    DEVICE_ID,
    DEVICE_ID.toUpperCase(),
    `ID:Microsoft Endpoint Manager:GUID:${DEVICE_ID}`,
    ENTRA_ID,
    ENTRA_ID.toUpperCase(),
  ])('by the GUID %s is named as it was asked for', async (value) => {
    expect(said(await (await ise()).get(by('guid', value)), 'guid')).toEqual([value, value]);
  });

  test('by host name is named by its GUID', async () => {
    expect(said(await (await ise()).get(by('guidhn', 'lt-0042')), 'guid')).toEqual([DEVICE_ID, DEVICE_ID]);
  });

  test('has what the filter asks for alone', async () => {
    const path = `/ciscoise/mdmapi/v1/devices/0/macaddress/F434F0A1E478/register_status+compliance_status`;
    expect(canonicalXml(await (await ise()).get(path))).toBe(
      canonicalXml(`<ise_api><name>attributes</name><api_version>1</api_version><paging_info>0</paging_info><deviceList>
        <device><macaddress>F434F0A1E478</macaddress><attributes><register_status>true</register_status>
        <compliance><status>true</status></compliance></attributes></device></deviceList></ise_api>`),
    );
  });

  test.each([
    ['guid', '00000000-0000-4000-8000-00000000ffff'],
    ['guid', 'no-guid-at-all'],
    ['macaddress', 'a0b1c2d3e4ff'],
    ['macaddress', '02b1c2d3e4ff'],
    ['udid', 'x'],
    ['imei', '1'],
    ['guidhn', 'unknown'],
  ])('that is not enrolled is an empty list: %s %s', async (criterion, value) => {
    const xml = await (await ise()).get(by(criterion, value));
    expect(xml).toContain('<paging_info>0</paging_info><deviceList></deviceList>');
  });

  test('with a hostile name and model breaks no document', async () => {
    const model = '</model><compliance><status>true</status></compliance>\u202e\u0000&"';
    const site = await ise({}, aDevice({ model, complianceState: 'noncompliant' }));
    const xml = await site.get(by('guid', DEVICE_ID));
    expect(said(xml, 'status')).toEqual(['false']);
    expect(canonicalXml(xml)).toContain('&lt;compliance&gt;');
    expect(xml).not.toMatch(/\u202e/);
  });

  test('leaves out what is no knowledge: a placeholder, a random address, `unknown`', async () => {
    const site = await ise({}, aDevice({ serialNumber: '0', wifiMac: aMac('02b1c2d3e4f5'), jailBroken: 'unknown' }));
    expect(await site.get(by('guid', DEVICE_ID))).not.toMatch(/serial_number|macaddresses|jail_broken/);
  });

  test('whose address several machines have is registered and not compliant', async () => {
    const other = aDevice({ id: 'd0d0d0d0-0000-4000-8000-00000000000d', serialNumber: 'OTHER', name: 'LT-2' });
    const site = await ise({}, aDevice(), other);
    const xml = await site.get(by('macaddress', 'A0B1C2D3E4F5'));
    expect([said(xml, 'register_status'), said(xml, 'status')]).toEqual([['true'], ['false']]);
    expect(said(xml, 'failure_reason')[0]).toContain('Several enrolled devices');
  });

  test('by something that is no address is refused', async () => {
    expect(await refusal((await ise()).get(by('macaddress', 'nonsense')))).toBe('400 NAC_REQUEST_FIELD');
  });
});

describe('compliance', () => {
  async function answers(env: Readonly<Record<string, string>>): Promise<Record<string, string | undefined>> {
    const devices = COMPLIANCE_STATES.map((complianceState, index) =>
      aDevice({ id: `00000000-0000-4000-8000-00000000000${index}`, complianceState, name: `N${index}` }),
    );
    const site = await ise(env, ...devices);
    const entries = devices.map(async ({ id, complianceState }) => {
      const xml = await site.get(by('guid', id));
      if (said(xml, 'status')[0] === 'false') expect(said(xml, 'failure_reason')[0]).toMatch(/\.$/);
      return [complianceState, said(xml, 'status')[0]] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }
  const NONE = Object.fromEntries(COMPLIANCE_STATES.map((state) => [state, 'false']));

  test('follows COMPLIANT_STATES', async () => {
    expect(await answers({})).toEqual({ ...NONE, compliant: 'true', inGracePeriod: 'true' });
    expect(await answers({ COMPLIANT_STATES: 'compliant' })).toEqual({ ...NONE, compliant: 'true' });
  });

  test('has a setting of its own', async () => {
    const env = { ISE_COMPLIANT_STATES: 'compliant,configManager', COMPLIANT_STATES: 'compliant,inGracePeriod' };
    expect(await answers(env)).toEqual({ ...NONE, compliant: 'true', configManager: 'true' });
  });

  test('of a device that is being wiped, or has been silent for long, is false and says why', async () => {
    const wiped = await ise({}, aDevice({ managementState: 'wipePending' }));
    expect(said(await wiped.get(by('guid', DEVICE_ID)), 'failure_reason')).toEqual([
      'The device is being retired, wiped or deleted.',
    ]);
    const silent = await ise({}, aDevice({ lastSyncAt: '2026-01-01T00:00:00.000Z' }));
    const xml = await silent.get(by('guid', DEVICE_ID));
    expect(said(xml, 'status')).toEqual(['false']);
    expect(said(xml, 'failure_reason')[0]).toContain('2026-01-01T00:00:00.000Z');
  });
});

describe('overrides', () => {
  async function overridden(site: IseInMemory, override: Record<string, unknown>): Promise<void> {
    const until = new Date(site.clock.now().getTime() + 3_600_000).toISOString();
    await site.app.makeOverride(site.administrator, JSON.stringify({ reason: 'stolen', until, ...override }));
    site.clock.advance(61_000);
  }

  test.each([
    ['the device', { device: DEVICE_ID, block: true }],
    ['one of its addresses', { mac: 'f434f0a1e479', block: true }],
  ])('a block of %s shows in every question about it', async (_what, override) => {
    const site = await ise();
    await overridden(site, override);
    for (const question of [by('guid', DEVICE_ID), by('macaddress', 'F434F0A1E478', 2), by('imei', PHONE.imei ?? '')]) {
      const xml = await site.get(question);
      expect(said(xml, 'status'), question).toEqual(['false']);
      expect(said(xml, 'failure_reason')[0]).toMatch(/^An operator has blocked it until /);
      expect(xml).not.toContain('stolen');
    }
  });

  test('a block at another site does not show', async () => {
    const site = await ise();
    const branch = await site.join('ise-branch', 'branch');
    await overridden(site, { device: DEVICE_ID, block: true, site: 'branch' });
    expect(said(await site.get(by('guid', DEVICE_ID)), 'status')).toEqual(['true']);
    expect(said(await site.get(by('guid', DEVICE_ID), branch), 'status')).toEqual(['false']);
  });

  test('a let-on counts for a device that is asked for by its certificate’s GUID, and for no address', async () => {
    const site = await ise({}, { ...PHONE, complianceState: 'noncompliant' });
    await overridden(site, { device: DEVICE_ID, role: 'compliant' });
    expect(said(await site.get(by('guid', DEVICE_ID)), 'status')).toEqual(['true']);
    expect(said(await site.get(by('macaddress', 'F434F0A1E478')), 'status')).toEqual(['false']);
  });

  test('a let-on into the role of devices that are not compliant raises none', async () => {
    const site = await ise({}, { ...PHONE, complianceState: 'noncompliant' });
    await overridden(site, { device: DEVICE_ID, role: 'quarantine' });
    expect(said(await site.get(by('guid', DEVICE_ID)), 'status')).toEqual(['false']);
  });
});

describe('what is asked for without effect', () => {
  test.each(['full_wipe', 'corporate_wipe', 'pin_lock'])('%s is answered false, with the reason', async (action) => {
    const site = await ise();
    const body = `<ise_api><identifier><guid>${DEVICE_ID}</guid></identifier></ise_api>`;
    const xml = await site.send('POST', `/ciscoise/mdmapi/v3/action/actionType=${action}`, body);
    expect(said(xml, 'name')).toEqual(['action']);
    expect([said(xml, 'guid'), said(xml, 'action_status')]).toEqual([[DEVICE_ID], ['false']]);
    expect(said(xml, 'failure_reason')).toEqual([
      `The connector only reads compliance: it has no permission to act on a device. ${action} is refused.`,
    ]);
  });

  test.each(['', '<ise_api/>'])('an action that names no device is answered false, too: %j', async (body) => {
    const xml = await (await ise()).send('POST', '/ciscoise/mdmapi/v3/action/actionType=full_wipe', body);
    expect(said(xml, 'action_status')).toEqual(['false']);
    expect(said(xml, 'failure_reason')[0]).toContain('only reads compliance');
  });

  test('a message is answered false for each device', async () => {
    const body = `<ise_api><identifier><macaddress>000000000001</macaddress><macaddress>000000000002</macaddress></identifier>
      <message><message_type>Alert</message_type><message_body>x</message_body></message></ise_api>`;
    const xml = await (await ise()).send('PUT', '/ciscoise/mdmapi/v2/sendmessage', body);
    expect(said(xml, 'message_status')).toEqual(['false', 'false']);
  });

  test('XML that is hostile is refused, and reads nothing of the store', async () => {
    const site = await ise();
    const path = '/ciscoise/mdmapi/v2/batchdevices/?paging=0&querycriteria=macaddress&filter=all';
    await site.get('/ciscoise/mdminfo');
    site.calls.length = 0;
    const body = '<!DOCTYPE a [<!ENTITY b "c">]><ise_api><value>&b;</value></ise_api>';
    expect(await refusal(site.send('POST', path, body))).toBe('400 NAC_REQUEST_NOT_XML');
    expect(site.calls).toEqual([]);
  });
});

describe('a batch', () => {
  test('answers for each device that is enrolled, in the order asked, once', async () => {
    const second = aDevice({ id: 'd0d0d0d0-0000-4000-8000-00000000000d', wifiMac: aMac('f434f0a1e480'), name: 'LT-2' });
    const site = await ise({}, PHONE, { ...second, serialNumber: 'OTHER', complianceState: 'noncompliant' });
    const values = ['F434F0A1E480', 'A0B1C2D3E4FF', 'F434F0A1E478', 'F434F0A1E478'];
    const body = `<ise_api>${values.map((value) => `<value>${value}</value>`).join('')}</ise_api>`;
    const path = '/ciscoise/mdmapi/v2/batchdevices/?paging=0&querycriteria=macaddress&value=&filter=all';
    const xml = await site.send('POST', path, body);
    expect(said(xml, 'macaddress')).toEqual(['F434F0A1E480', 'F434F0A1E478']);
    expect(said(xml, 'status')).toEqual(['false', 'true']);
  });

  test('without a value is refused', async () => {
    const path = '/ciscoise/mdmapi/v2/batchdevices/?paging=0&querycriteria=macaddress&filter=all';
    expect(await refusal((await ise()).send('POST', path, ''))).toBe('400 NAC_REQUEST_FIELD');
  });
});

describe('who asks', () => {
  test('is of the kind `ise`: no other kind may ask here, and this one nowhere else', async () => {
    const site = await ise();
    expect(await refusal(site.get('/ciscoise/mdminfo', site.administrator))).toBe('401 NAC_CLIENT_CREDENTIAL');
    expect(await refusal(site.app.lookup(site.key, '{}'))).toBe('401 NAC_CLIENT_CREDENTIAL');
    expect(await refusal(site.app.pollStatus(site.key))).toBe('401 NAC_CLIENT_CREDENTIAL');
  });

  test('is judged before path, parameters and body are', async () => {
    const site = await ise();
    for (const target of ['/ciscoise/nothing', by('macaddress', 'nonsense'), '/a/b/c/ciscoise']) {
      expect(await refusal(site.get(target, 'ise-hq.wrong'))).toBe('401 NAC_CLIENT_CREDENTIAL');
    }
  });

  test('in a loop is held back by itself: the other site’s answers go on', async () => {
    const site = await ise({ CLIENT_REQUESTS_PER_SECOND: '2' });
    const branch = await site.join('ise-branch', 'branch');
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => site.get(by('guid', DEVICE_ID))));
    expect(asked.filter(({ status }) => status === 'rejected').length).toBe(10);
    expect(await refusal(site.get(by('guid', DEVICE_ID)))).toBe('503 NAC_CLIENT_QUOTA');
    expect(said(await site.get(by('guid', DEVICE_ID), branch), 'status')).toEqual(['true']);
  });

  test('gets the same verdict in each version, side by side', async () => {
    const site = await ise({}, { ...PHONE, complianceState: 'noncompliant' });
    const answers = await Promise.all([
      site.get('/ciscoise/mdmapi/v1/devices/0/macaddress/F434F0A1E478/all'),
      site.get(by('macaddress', 'F434F0A1E478', 2)),
      site.get(by('guid', DEVICE_ID)),
    ]);
    expect(answers.flatMap((xml) => said(xml, 'status'))).toEqual(['false', 'false', 'false']);
    expect(answers.flatMap((xml) => said(xml, 'api_version'))).toEqual(['1', '2', '3']);
  });
});

describe('a lookup by ISE', () => {
  test('reads one row of a device that it knows by GUID', async () => {
    const site = await ise();
    await site.get(by('guid', DEVICE_ID));
    site.calls.length = 0;
    await site.get(by('guid', DEVICE_ID));
    expect(site.calls).toEqual(['devices.getEntity']);
  });
});
