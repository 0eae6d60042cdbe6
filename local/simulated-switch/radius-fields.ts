// The attributes of a session in the form in which lookup and accounting take them.

import type { LookupFields, RadiusFields } from './connector-client.ts';
import type { StationSession } from './station-session.ts';

export type AccountingStatus = 'Start' | 'Interim-Update' | 'Stop';

/** What is known of a session before anybody permitted it. */
export type UnansweredSession = Pick<
  StationSession,
  | 'callingStationId'
  | 'userName'
  | 'deviceId'
  | 'port'
  | 'nasPort'
  | 'nasIdentifier'
  | 'acctSessionId'
  | 'auditSessionId'
>;

/**
 * EAP-TLS with the certificate of a device, or MAC authentication bypass: the switch itself vouches for the address.
 */
export function lookupFields(session: UnansweredSession, nasIpAddress: string): LookupFields {
  if (session.deviceId !== undefined) {
    const certificate = { sanUri: [`IntuneDeviceId://${session.deviceId}`] };
    return { method: 'eap-tls', certificate, ...commonFields(session, nasIpAddress) };
  }
  return { method: 'mab', serviceType: 'Call-Check', ...commonFields(session, nasIpAddress) };
}

/** @param at when it happened; accounting carries whole seconds */
export function accountingFields(
  status: AccountingStatus,
  session: StationSession,
  nasIpAddress: string,
  at: Date,
): RadiusFields {
  return {
    status,
    eventTime: String(Math.floor(at.getTime() / 1000)),
    ...commonFields(session, nasIpAddress),
    ...(session.nasPort !== undefined && { nasPort: String(session.nasPort) }),
    auditSessionId: session.auditSessionId,
    class: session.class,
  };
}

function commonFields(session: UnansweredSession, nasIpAddress: string): RadiusFields {
  return {
    userName: session.userName,
    callingStationId: session.callingStationId,
    nasIpAddress,
    nasIdentifier: session.nasIdentifier,
    nasPortId: session.port,
    nasPortType: 'Ethernet',
    packetSourceIp: nasIpAddress,
    acctSessionId: session.acctSessionId,
  };
}
