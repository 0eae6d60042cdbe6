// A session as the switch keeps it: where the station is, what it may do, and the names under which RADIUS knows it.

import type { MacAddress } from '../../shared/domain/mac-address.ts';
import type { Permit } from './access-answer.ts';

export interface StationSession extends Permit {
  readonly mac: MacAddress;
  /** Calling-Station-Id: upper-case octets joined by hyphens. */
  readonly callingStationId: string;
  /** What MAC authentication bypass gives as User-Name: twelve lower-case hexadecimal digits. */
  readonly userName: string;
  /**
   * The Intune device id in the certificate that it shows by EAP-TLS; without one it comes by MAC authentication
   * bypass.
   */
  readonly deviceId?: string;
  /** NAS-Port-Id. */
  readonly port: string;
  /** NAS-Port; only ports named like a Cisco switch's have a number. */
  readonly nasPort?: number;
  readonly nasIdentifier: string;
  readonly acctSessionId: string;
  readonly auditSessionId: string;
  readonly connectedAt: string;
}
