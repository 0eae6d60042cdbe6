// Writes answers in Cisco's MDM dialect, as servers do: by the book, or in one of the forms that they are known or
// feared to take. It shares nothing with the connector, which reads them.

import type { ServedDevice } from './served-device.ts';
import type { ServerBehaviour } from './server-behaviour.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = 'http://mdm.example/ise';
/** Characters; an asker with a limit of four megabytes must give up. */
const HUGE = 5_000_000;

export type AskedBy = 'guid' | 'macaddress' | 'other';

export interface DeviceAnswerParts {
  readonly version: number;
  readonly devices: readonly ServedDevice[];
  readonly askedBy: AskedBy;
  /** The address that was asked for, as it was written. */
  readonly macAddress?: string | undefined;
  /** What `paging_info` says; undefined leaves it out. */
  readonly pagingInfo: string | undefined;
}

export function informationDocument(fields: Readonly<Record<string, string>>, behaviour: ServerBehaviour): string {
  const content = Object.entries(fields).map(([name, text]) => element(name, text, behaviour));
  return spoilt(document(content.join(''), behaviour), behaviour);
}

export function devicesDocument(parts: DeviceAnswerParts, behaviour: ServerBehaviour): string {
  const { version, pagingInfo } = parts;
  const devices = parts.devices.map((device) => deviceElement(device, parts, behaviour)).join('');
  const isEmpty = parts.devices.length === 0;
  const list = isEmpty && behaviour.unknownDevice === 'noList' ? '' : around('deviceList', devices, behaviour);
  const content = [
    element('name', 'attributes', behaviour),
    element('api_version', String(version), behaviour),
    pagingInfo === undefined ? '' : element('paging_info', pagingInfo, behaviour),
    version >= 3 ? element('server_busy_wait_seconds', String(behaviour.busySeconds), behaviour) : '',
    list,
  ];
  return spoilt(document(content.join(''), behaviour), behaviour);
}

function deviceElement(device: ServedDevice, parts: DeviceAnswerParts, behaviour: ServerBehaviour): string {
  const { version } = parts;
  const { keyEcho } = behaviour;
  const byGuid = version >= 3 && parts.askedBy !== 'macaddress';
  const key = byGuid
    ? element('guid', device.guid, behaviour)
    : element('macaddress', parts.macAddress ?? device.macAddresses[0] ?? '', behaviour);
  const inDevice = keyEcho === 'both' || keyEcho === 'inDevice' ? key : '';
  const inAttributes = version >= 3 && (keyEcho === 'both' || keyEcho === 'inAttributes');
  return around('device', `${inDevice}${attributes(device, version, inAttributes, behaviour)}`, behaviour);
}

/** In Cisco's order. */
function attributes(device: ServedDevice, version: number, withKeys: boolean, behaviour: ServerBehaviour): string {
  const yesOrNo = (name: string, value: boolean): string => element(name, String(value), behaviour);
  const text = (name: string, value: string): string => (value === '' ? '' : element(name, value, behaviour));
  const verdict = [yesOrNo('register_status', device.registered), complianceElement(device, behaviour)];
  const described = [
    version >= 2 ? yesOrNo('disk_encryption_on', device.diskEncrypted) : '',
    yesOrNo('pin_lock_on', device.pinLocked),
    yesOrNo('jail_broken', device.jailBroken),
    version >= 2 ? text('manufacturer', device.manufacturer) + text('model', device.model) : '',
    text('imei', device.imei),
    version >= 2
      ? text('meid', device.meid) + text('udid', device.udid) + text('serial_number', device.serialNumber)
      : '',
    text('os_version', device.osVersion),
    version >= 2 ? text('phone_number', device.phoneNumber) : '',
    version >= 3 ? element('lastCheckinTimeStamp', String(device.lastCheckIn), behaviour) : '',
  ];
  const keys = withKeys
    ? [text('guid', device.guid), text('macaddresses', device.macAddresses.slice(0, 5).join(','))]
    : [];
  const content = [...verdict, ...(behaviour.attributes === 'all' ? described : []), ...keys].join('');
  return around('attributes', content, behaviour);
}

function complianceElement(device: ServedDevice, behaviour: ServerBehaviour): string {
  if (device.compliant === null) return '';
  const status = element('status', String(device.compliant), behaviour);
  const other =
    behaviour.repeatedElements === 'different' ? element('status', String(!device.compliant), behaviour) : '';
  const reasons =
    behaviour.attributes === 'all' && !device.compliant
      ? element('failure_reason', device.failureReason, behaviour) +
        element('remediation', device.remediation, behaviour)
      : '';
  return around('compliance', `${status}${other}${reasons}`, behaviour);
}

function element(name: string, text: string, behaviour: ServerBehaviour): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const once = around(name, escaped, behaviour);
  return behaviour.repeatedElements === 'same' ? `${once}${once}` : once;
}

function around(name: string, content: string, behaviour: ServerBehaviour): string {
  const written = nameAs(name, behaviour);
  return content === '' ? `<${written} />` : `<${written}>${content}</${written}>`;
}

function nameAs(name: string, { xmlNames, namespace }: ServerBehaviour): string {
  const prefix = namespace === 'prefix' ? 'm:' : '';
  if (xmlNames === 'upperCase') return `${prefix}${name.toUpperCase()}`;
  const isGroup = name === 'attributes' || name === 'compliance';
  const capitalised = xmlNames === 'capitalised' && isGroup ? `${name.charAt(0).toUpperCase()}${name.slice(1)}` : name;
  return `${prefix}${capitalised}`;
}

function document(content: string, behaviour: ServerBehaviour): string {
  const root = nameAs('ise_api', behaviour);
  const declared = { none: '', default: ` xmlns="${NAMESPACE}"`, prefix: ` xmlns:m="${NAMESPACE}"` };
  return `${DECLARATION}<${root}${declared[behaviour.namespace]}>${content}</${root}>`;
}

/** What is no answer, or a dangerous one. */
function spoilt(good: string, { document: form }: ServerBehaviour): string {
  const body = good.slice(DECLARATION.length);
  switch (form) {
    case 'good':
      return good;
    case 'doctype':
      return `${DECLARATION}<!DOCTYPE ise_api [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>${body}`;
    case 'entity':
      return good.replace('</', '&outside;</');
    case 'deep':
      return `${DECLARATION}<ise_api>${'<deviceList>'.repeat(100_000)}${'</deviceList>'.repeat(100_000)}</ise_api>`;
    case 'huge':
      return `${DECLARATION}<ise_api><name>attributes</name>${' '.repeat(HUGE)}</ise_api>`;
    case 'html':
      return '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to use this network.</body></html>';
    case 'json':
      return '{"compliant":true}';
    case 'otherName':
      return '<ise_api><name>error</name></ise_api>';
    case 'twoRoots':
      return `${good}${body}`;
  }
}
