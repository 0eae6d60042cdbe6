// Which device of a source a session is about, to be asked about by id or by address.

import { CERTIFICATE_SOURCE } from '../../domain/identity/certificate-source.ts';
import { canIdentifyDevice, type MacAddress, parseMacAddress } from '../../domain/mac-address.ts';
import type { Session } from '../../domain/session/session.ts';
import type { SourceName } from '../../ports/mdm-source.ts';
import { idOfAddress, type PointTarget } from './point-reads.ts';

/** @param byMac whether the API finds devices by MAC address */
export function sessionTarget(
  { presented, decision, site }: Session,
  source: SourceName,
  byMac: boolean,
): PointTarget | undefined {
  // A source learns nothing of stations at which its devices do not count.
  if (source.sites !== undefined && !source.sites.includes(site)) return undefined;
  const { device } = decision;
  // Another source knows its device.
  if (device !== undefined && device.source !== source.name) return undefined;
  if (device !== undefined && source.isDeviceId(device.id)) return { id: device.id };
  const byCertificate = presented.identities.find(
    ({ kind, value, source: of = CERTIFICATE_SOURCE }) =>
      kind === 'deviceId' && [source.name, source.certificateIds].includes(of) && source.isDeviceId(value),
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
