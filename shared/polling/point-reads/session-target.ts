// Which device of Intune a session is about, to be asked about by id or by address.

import { canIdentifyDevice, type MacAddress, parseMacAddress } from '../../domain/mac-address.ts';
import type { Session } from '../../domain/session/session.ts';
import { idOfAddress, type PointTarget } from './point-reads.ts';

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @param byMac whether the API finds devices by MAC address */
export function sessionTarget(
  { presented, decision }: Session,
  source: string,
  byMac: boolean,
): PointTarget | undefined {
  const { device } = decision;
  if (device?.source === source && GUID.test(device.id)) return { id: device.id };
  const byCertificate = presented.identities.find(
    ({ kind, value, source: of = source }) => kind === 'deviceId' && of === source && GUID.test(value),
  );
  if (byCertificate) return { id: byCertificate.value };
  const mac = presented.identities.find(({ kind }) => kind === 'mac');
  const address = mac && parseMacAddress(mac.value);
  return byMac && address !== undefined && canIdentifyDevice(address) ? { mac: address } : undefined;
}

/** The id under which the device is, or would be, stored. */
export function recordIdOf(session: Session, target: PointTarget): string {
  return session.decision.device?.id ?? target.id ?? idOfAddress(target.mac as MacAddress);
}
