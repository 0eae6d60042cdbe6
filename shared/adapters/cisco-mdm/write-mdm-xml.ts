// Writes answers of Cisco's MDM API as XML 1.0. Names of devices come from their users: every text is escaped, and what
// no document may hold is left out.

import {
  ANSWER_ELEMENTS,
  ANSWER_NAMES,
  ATTRIBUTES,
  COMPLIANCE_ELEMENTS,
  INFORMATION_ELEMENTS,
  RESULT_ELEMENTS,
  ROOT_ELEMENT,
} from '../../domain/mdm-dialect.ts';
import type {
  MdmAnswer,
  MdmAttributes,
  MdmDevice,
  MdmDeviceList,
  MdmInformation,
  MdmKey,
  MdmRefusal,
  MdmVerdict,
} from '../../domain/mdm-documents.ts';
import { XML_DECLARATION, xmlText } from '../../domain/xml-text.ts';

/** @returns a document with its declaration; text that needs UTF-8 */
export function writeMdmXml(answer: MdmAnswer): string {
  return `${XML_DECLARATION}<${ROOT_ELEMENT}>${contentOf(answer)}</${ROOT_ELEMENT}>`;
}

function contentOf(answer: MdmAnswer): string {
  if (answer.kind === 'information') return informationOf(answer);
  return answer.kind === 'devices' ? devicesOf(answer) : resultsOf(answer);
}

function informationOf(answer: MdmInformation): string {
  const { name, version, path, redirectUrl, queryMaxSize, messagingSupport, vendor, productName, productVersion } =
    INFORMATION_ELEMENTS;
  return [
    text(name, ANSWER_NAMES.information),
    text(version, String(answer.version)),
    text(path, answer.path),
    text(redirectUrl, answer.redirectUrl),
    text(queryMaxSize, String(answer.queryMaxSize)),
    text(messagingSupport, 'false'),
    text(vendor, answer.vendor),
    text(productName, answer.productName),
    text(productVersion, answer.productVersion),
  ].join('');
}

function devicesOf({ version, nextPage = 0, devices }: MdmDeviceList): string {
  return [
    text(ANSWER_ELEMENTS.name, ANSWER_NAMES.devices),
    text(ANSWER_ELEMENTS.version, String(version)),
    text(ANSWER_ELEMENTS.pagingInfo, String(nextPage)),
    element(ANSWER_ELEMENTS.deviceList, devices.map(deviceOf).join('')),
  ].join('');
}

function deviceOf({ key, attributes }: MdmDevice): string {
  return element(
    ANSWER_ELEMENTS.device,
    `${keyOf(key)}${element(ANSWER_ELEMENTS.attributes, attributesOf(attributes))}`,
  );
}

function keyOf(key: MdmKey | undefined): string {
  return key === undefined ? '' : text(key.element, key.value);
}

const NAMED_ATTRIBUTES = Object.entries(ATTRIBUTES) as [keyof MdmAttributes, string][];

function attributesOf(attributes: MdmAttributes): string {
  let written = '';
  for (const [name, elementName] of NAMED_ATTRIBUTES) {
    const value = attributes[name];
    if (value !== undefined) written += attributeOf(elementName, value);
  }
  return written;
}

function attributeOf(name: string, value: Exclude<MdmAttributes[keyof MdmAttributes], undefined>): string {
  if (typeof value !== 'object') return text(name, String(value));
  return isVerdict(value) ? element(name, verdictOf(value)) : text(name, value.join(','));
}

function isVerdict(value: MdmVerdict | readonly string[]): value is MdmVerdict {
  return !Array.isArray(value);
}

function verdictOf({ compliant, failureReason, remediation }: MdmVerdict): string {
  return [
    text(COMPLIANCE_ELEMENTS.status, String(compliant)),
    optional(COMPLIANCE_ELEMENTS.failureReason, failureReason),
    optional(COMPLIANCE_ELEMENTS.remediation, remediation),
  ].join('');
}

function resultsOf({ kind, version, of, failureReason }: MdmRefusal): string {
  const status = kind === 'action' ? RESULT_ELEMENTS.actionStatus : RESULT_ELEMENTS.messageStatus;
  const result = element(
    ANSWER_ELEMENTS.result,
    `${text(status, 'false')}${text(RESULT_ELEMENTS.failureReason, failureReason)}`,
  );
  // A request that names no device learns as well why nothing happened.
  const keys = of.length > 0 ? of.map(keyOf) : [''];
  const devices = keys.map((key) => element(ANSWER_ELEMENTS.device, `${key}${result}`));
  return [
    text(ANSWER_ELEMENTS.name, ANSWER_NAMES[kind]),
    text(ANSWER_ELEMENTS.version, String(version)),
    element(ANSWER_ELEMENTS.deviceList, devices.join('')),
  ].join('');
}

function optional(name: string, value: string | undefined): string {
  return value === undefined ? '' : text(name, value);
}

function text(name: string, value: string): string {
  return element(name, xmlText(value));
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}
