// The XML of the Compliance Retrieval service: the Cisco dialect of version 3, with Microsoft's namespace.

export interface ComplianceEntry {
  readonly guid: string | undefined;
  /** Twelve hexadecimal digits in upper case, or empty when the operating system hides the address. */
  readonly macAddress: string | undefined;
  readonly registered: boolean;
  /** Undefined leaves the element out: nothing is known about a device that is not enrolled. */
  readonly compliant: boolean | undefined;
}

export type XmlNames = 'capitalised' | 'lowerCase';

const NAMESPACE =
  'http://schemas.datacontract.org/2004/07/Microsoft.Intune.ResourceAccess.ComplianceRetrievalService.Model';

export function complianceDocument(
  entries: readonly ComplianceEntry[],
  names: XmlNames,
  pagingInfo: number | undefined,
): string {
  const paging = pagingInfo === undefined ? '' : `<paging_info>${pagingInfo}</paging_info>`;
  const devices = entries.map((entry) => deviceElement(entry, names)).join('');
  return apiDocument(`<name>attributes</name><api_version>3</api_version>${paging}<deviceList>${devices}</deviceList>`);
}

export function informationDocument(properties: Readonly<Record<string, string>>): string {
  return apiDocument(
    Object.entries(properties)
      .map(([name, value]) => element(name, value))
      .join(''),
  );
}

function apiDocument(content: string): string {
  return `<ise_api xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="${NAMESPACE}">${content}</ise_api>`;
}

function deviceElement(entry: ComplianceEntry, names: XmlNames): string {
  const [attributes, compliance] =
    names === 'capitalised' ? ['Attributes', 'Compliance'] : ['attributes', 'compliance'];
  const identifiers =
    (entry.guid === undefined ? '' : element('guid', entry.guid)) +
    (entry.macAddress === undefined ? '' : element('macaddress', entry.macAddress));
  const status = entry.compliant === undefined ? '' : element('status', String(entry.compliant));
  const state = status === '' ? '' : `<${compliance}>${status}</${compliance}>`;
  const registered = element('register_status', String(entry.registered));
  return `<device>${identifiers}<${attributes}>${identifiers}${registered}${state}</${attributes}></device>`;
}

export function element(name: string, text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return text === '' ? `<${name} />` : `<${name}>${escaped}</${name}>`;
}
