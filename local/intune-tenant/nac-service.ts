// The older service for network access control (`NACAPIService`, "NAC 1.x"), which Microsoft has retired and still
// lists: Cisco's XML of version 2, and one flat JSON object for each address. Clients that ask here learn nothing
// about GUIDs.

import { answerXml, authorized, type ComplianceRetrievalContext, compliant } from './compliance-retrieval.ts';
import { element } from './compliance-xml.ts';
import { macDigits } from './device-index.ts';
import type { HttpExchange } from './http-exchange.ts';
import type { ManagedDevice } from './managed-device.ts';

export const NAC_SERVICE_PATH = '/StatelessNACService';
/** As the service itself writes it; paths are taken in any capitals. */
const API_PATH = '/StatelessNacService/ciscodeviceinfo/mdm/api';
const MAC = /^[0-9A-F]{12}$/;
const JSON_VERSIONS = ['1.0', '1.1', '1.3'];

/** `GET .../ciscoise/mdminfo/?ise_api_version=2` */
export async function answerNacInformation(exchange: HttpExchange, context: ComplianceRetrievalContext): Promise<void> {
  if (!(await authorized(exchange, context))) return;
  const properties = {
    name: 'mdminfo',
    api_version: '2',
    api_path: API_PATH,
    redirect_url: 'https://portal.manage.microsoft.com/networkaccesscontrol/index',
    query_max_size: String(context.behaviour.current.complianceQueryMaxSize),
    messaging_support: 'false',
    vendor: 'Microsoft',
    product_name: 'Microsoft Intune',
    product_version: '5.0',
  };
  const elements = Object.entries(properties).map(([name, value]) => element(name, value));
  answerXml(exchange, 200, `<ise_api>${elements.join('')}</ise_api>`);
}

/** `GET .../ciscodeviceinfo/mdm/api/devices/?paging=0&querycriteria=macaddress|compliance&value=...&filter=all` */
export async function answerNacXmlQuery(exchange: HttpExchange, context: ComplianceRetrievalContext): Promise<void> {
  if (!(await authorized(exchange, context))) return;
  const { query } = exchange;
  const [criteria, value] = [query.get('querycriteria'), query.get('value') ?? ''];
  const paging = query.get('paging') ?? '0';
  const size = context.behaviour.current.complianceQueryMaxSize;
  const isCompliant = (device: ManagedDevice): boolean => compliant(device, context.behaviour.current);
  if (!/^\d{1,15}$/.test(paging) || query.get('filter') !== 'all') answerXml(exchange, 400, '');
  else if (criteria === 'macaddress' && MAC.test(value)) {
    answerXml(exchange, 200, listDocument(context.fleet.withMac(value), isCompliant, value, 0));
  } else if (criteria === 'compliance' && value === 'false') {
    const page = context.fleet.page(Number(paging), size, (device) => !isCompliant(device));
    answerXml(exchange, 200, listDocument(page.devices, isCompliant, undefined, page.next ?? 0));
  } else answerXml(exchange, 400, '');
}

/** `GET .../devices/?querycriteria=macaddress|udid&value=...&api-version=1.1`: also of a device that is not there. */
export async function answerNacJsonQuery(exchange: HttpExchange, context: ComplianceRetrievalContext): Promise<void> {
  if (!(await authorized(exchange, context))) return;
  const { query } = exchange;
  const value = query.get('value') ?? '';
  const criteria = query.get('querycriteria') ?? '';
  if (!JSON_VERSIONS.includes(query.get('api-version') ?? '') || !/^(?:macaddress|udid)$/.test(criteria)) {
    exchange.answer(400, { 'content-type': 'application/json; charset=utf-8' }, '{}');
    return;
  }
  const isMac = criteria === 'macaddress' && MAC.test(value.toUpperCase());
  const device = isMac ? context.fleet.withMac(value.toUpperCase())[0] : undefined;
  const body = {
    azureDeviceId: device?.azureADDeviceId ?? '',
    complianceState: device !== undefined && compliant(device, context.behaviour.current),
    isManaged: device !== undefined,
    macAddress: isMac ? value.toUpperCase() : '',
    deviceOwner: device?.managedDeviceOwnerType === 'company' ? 'Corporate' : device === undefined ? '' : 'Personal',
    imei: device?.imei ?? '',
    meid: device?.meid ?? '',
    udid: '',
    serialNumber: device?.serialNumber ?? '',
    manufacturer: device?.manufacturer ?? '',
    model: device?.model ?? '',
    osVersion: device?.osVersion ?? '',
    lastContactTimeUtc: device === undefined ? '' : americanTime(device.lastSyncDateTime),
  };
  exchange.answer(200, { 'content-type': 'application/json; charset=utf-8' }, JSON.stringify(body));
}

/** Names in lower case, and no namespace: what tells this version from the one after it. */
function listDocument(
  devices: readonly ManagedDevice[],
  isCompliant: (device: ManagedDevice) => boolean,
  asked: string | undefined,
  paging: number,
): string {
  const elements = devices.map((device) => {
    const mac = asked ?? (macDigits(device.wiFiMacAddress ?? '') || macDigits(device.ethernetMacAddress ?? ''));
    const attributes = [
      element('register_status', 'true'),
      `<compliance>${element('status', String(isCompliant(device)))}</compliance>`,
      element('pin_lock_on', 'false'),
      element('model', device.model ?? ''),
      element('udid', ''),
      element('serial_number', device.serialNumber ?? ''),
      element('os_version', device.osVersion ?? ''),
    ];
    return `<device>${element('macaddress', mac)}<attributes>${attributes.join('')}</attributes></device>`;
  });
  const head = `${element('name', 'attributes')}${element('api_version', '2')}${element('paging_info', String(paging))}`;
  return `<ise_api>${head}<deviceList>${elements.join('')}</deviceList></ise_api>`;
}

/** `10/18/2020 14:05:26 +00:00` */
function americanTime(time: string | null): string {
  const [, year, month, day, clock] = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2}:\d{2})/.exec(time ?? '') ?? [];
  return year === undefined ? '' : `${month}/${day}/${year} ${clock} +00:00`;
}
