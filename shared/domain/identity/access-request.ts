// What a RADIUS server asks: may this station get on? In the field's own attribute names, every value still hostile.

import type { NasLocation } from '../nas-location.ts';

/**
 * How the station proved who it is, as far as the asking server says:
 * - `mab`: MAC authentication bypass, no proof at all beyond the address itself
 * - `eap-tls`: the server verified a client certificate
 * - `site`: the server authenticated the user by its own means (PAP, PEAP, TTLS) and asks about the device afterwards
 * - `none`: none of these, so there is nothing to authorise
 */
export type AuthenticationMethod = 'mab' | 'eap-tls' | 'site' | 'none';

/** The names of a verified client certificate, as the RADIUS server reads them out. */
export interface CertificateNames {
  /**
   * All subject alternative names in one text, OpenSSL's way (FreeRADIUS 3.2.1): joined by `, ` and not escaped. Empty
   * where a server that sends it had none; absent where it does not send it.
   */
  readonly subjectAltName?: string;
  /** The URI names one by one, where the server has them (FreeRADIUS 3.2.7, JSON callers). */
  readonly sanUri?: readonly string[];
  readonly sanDns?: readonly string[];
  readonly sanEmail?: readonly string[];
  readonly sanUpn?: readonly string[];
  readonly commonName?: string;
  /** The others of a certificate that has several, where the server has them. */
  readonly furtherCommonNames?: readonly string[];
  readonly subject?: string;
  readonly issuer?: string;
  readonly serial?: string;
  readonly notAfter?: string;
  /** The RADIUS server could not pass the names on whole, so they are not here: what they say is unknown. */
  readonly cut?: true;
}

export interface AccessRequest extends NasLocation {
  readonly method: AuthenticationMethod;
  readonly userName?: string;
  readonly callingStationId?: string;
  readonly serviceType?: string;
  readonly acctSessionId?: string;
  readonly acctMultiSessionId?: string;
  readonly eapType?: string;
  /** Every Cisco-AVPair of the request, `name=value`; VPN gateways report the client's device in `mdm-tlv=…`. */
  readonly ciscoAvPairs?: readonly string[];
  /** Each SSID that an attribute of its own names (Aruba-Essid-Name, Ruckus-SSID …), without repetitions. */
  readonly ssids?: readonly string[];
  readonly certificate?: CertificateNames;
  /** Fields that the RADIUS server could not pass on whole: their values are unknown, and absent here. */
  readonly cut?: readonly string[];
}
