// What a VPN client reports of its device, which the gateway sends along in Cisco-AVPairs (`mdm-tlv=…`, Cisco ASA and
// Secure Client). On a VPN Calling-Station-Id is the client's public IP address, so a certificate is the only other
// source.

import { canIdentifyDevice, parseMacAddress } from '../mac-address.ts';
import { CERTIFICATE_SOURCE } from './certificate-source.ts';
import type { PresentedIdentity } from './identity.ts';
import { DEVICE_ID_FORMS, kindsOfId, prefixedDeviceId } from './prefixed-device-id.ts';

/** A client lists its adapters, and no laptop has more. */
const MOST_MACS = 8;
/** One device has one id of its MDM, read as Intune's and as Entra's, and two unique ids. Each costs a read. */
const MOST_IDS = 4;

/**
 * Names of pairs that VPN gateways and switches send. A RADIUS server that can only give one text joins its pairs by
 * commas, which values hold as well: a pair begins only where one of these follows.
 */
const PAIR_NAMES = [
  'mdm-tlv',
  'ssid',
  'audit-session-id',
  'ip:source-ip',
  'coa-push',
  'service-type',
  'method',
  'client-iif-id',
];
const PAIR_START = new RegExp(`,(?=(?:${PAIR_NAMES.join('|')})=)`, 'gi');

/**
 * The pairs of a text in which a server has joined them. In a list each stands by itself, commas included, even if it
 * is the only one: a client chooses some of the values, and must add no pair to them.
 */
export function separatePairs(joined: string): readonly string[] {
  return joined.split(PAIR_START);
}

/** Strongest first: a device id in any value, the unique ids, then the adapters' addresses. */
export function vpnClientIdentities(ciscoAvPairs: readonly string[] = []): PresentedIdentity[] {
  return claimsIn(ciscoAvPairs).flatMap(({ claims, most }) => claims.slice(0, most));
}

/** Whether a client claims more than is looked at. */
export function hasMoreClaims(ciscoAvPairs: readonly string[] = []): boolean {
  return claimsIn(ciscoAvPairs).some(({ claims, most }) => claims.length > most);
}

function claimsIn(ciscoAvPairs: readonly string[]): { claims: readonly PresentedIdentity[]; most: number }[] {
  const tlvs = ciscoAvPairs.flatMap((pair) => /^mdm-tlv=(.*)$/is.exec(pair.trim())?.[1] ?? []);
  const valuesOf = (name: string): string[] =>
    tlvs.flatMap((tlv) => (tlv.toLowerCase().startsWith(`${name}=`) ? tlv.slice(name.length + 1).trim() : []));
  const uids = ['device-uid-global', 'device-uid'].flatMap((name) => valuesOf(name).map((value) => ({ name, value })));
  const uniqueIds = uids
    .filter(({ value }) => /^[0-9a-f-]{16,64}$/i.test(value))
    .map(({ name, value }) => claim('udid', value.toLowerCase(), name));
  const macs = valuesOf('device-mac')
    .flatMap((value) => parseMacAddress(value) ?? [])
    .filter(canIdentifyDevice)
    .map((mac) => ({ ...claim('mac', mac, 'device-mac'), assurance: 'mac' as const }));
  return [
    { claims: withoutRepetitions(tlvs.flatMap(deviceIdsIn)), most: MOST_IDS },
    { claims: withoutRepetitions(uniqueIds), most: MOST_IDS },
    { claims: withoutRepetitions(macs), most: MOST_MACS },
  ];
}

function withoutRepetitions(ids: readonly PresentedIdentity[]): PresentedIdentity[] {
  return ids.filter(
    ({ kind, value, source }, index) =>
      index === ids.findIndex((id) => id.kind === kind && id.value === value && id.source === source),
  );
}

/** `ID:Intune:DeviceID:<id>` may stand in any value: which one depends on the client's platform. */
function deviceIdsIn(tlv: string): PresentedIdentity[] {
  const name = tlv.slice(0, Math.max(0, tlv.indexOf('=')));
  const found = [...tlv.matchAll(new RegExp(`(?:^|[=,; ])(${DEVICE_ID_FORMS})(?=[,; ]|$)`, 'gi'))];
  return found.flatMap(([, text = '']) => {
    const id = prefixedDeviceId(text);
    if (id === undefined) return [];
    return kindsOfId(id).map((kind) => {
      return { ...claim(kind, id.deviceId, name), ...(id.source !== CERTIFICATE_SOURCE && { source: id.source }) };
    });
  });
}

function claim(kind: PresentedIdentity['kind'], value: string, name: string): PresentedIdentity {
  const shown = /^[a-z0-9-]{1,40}$/i.test(name) ? `mdm-tlv=${name}` : 'mdm-tlv';
  return { kind, value, assurance: 'client-claim', origin: shown };
}
