// Ids of sessions: fourteen hexadecimal digits of the station, six of its place. So all sessions of a station stand
// side by side in one partition of the store.

import { hash } from 'node:crypto';
import type { Client } from '../client.ts';
import type { AccessRequest } from '../identity/access-request.ts';
import { stationMac } from '../identity/presented-identities.ts';
import { parseMacAddress } from '../mac-address.ts';
import type { NasLocation } from '../nas-location.ts';
import { placeText } from '../place.ts';

export const STATION_DIGITS = 14;

/** Who asks, as far as it makes the session. */
export type Asker = Pick<Client, 'name' | 'site' | 'sessionKey'>;

/** The fields that distinguish stations, in a question or in accounting. */
export type Station = Pick<AccessRequest, 'callingStationId' | 'userName' | 'acctSessionId' | 'certificate'>;

/**
 * A MAC address, random or not, distinguishes stations, wherever it stands; without one (VPN) the user name does, with
 * the address that the user comes from, since a laptop and a phone may be on at once; then the certificate.
 * Ids appear in logs and on the wire, so they are keyed with a secret of the site: no address is found by trying all.
 * @returns fourteen hexadecimal digits
 */
export function stationId(asker: Asker, request: Station): string {
  const { userName, callingStationId } = request;
  // Some NASes name the station in User-Name alone, in accounting too.
  const bySender = callingStationId === undefined && userName !== undefined ? parseMacAddress(userName) : undefined;
  const station =
    stationMac(request) ??
    bySender ??
    (userName && callingStationId ? [userName, callingStationId] : userName) ??
    callingStationId ??
    request.certificate?.serial ??
    request.acctSessionId ??
    '';
  // Most of the hash is kept back: what is shown of it gives away no hash of a longer text.
  return hash('sha256', JSON.stringify([asker.sessionKey, asker.site, station])).slice(0, STATION_DIGITS);
}

/** Twenty hexadecimal digits: the same station at the same place of the same site is the same session. */
export function sessionId(asker: Asker, request: Station & NasLocation): string {
  return sessionIdAt(asker, stationId(asker, request), request);
}

/** @param station from {@link stationId}, or the first digits of another session of the same station */
export function sessionIdAt(asker: Asker, station: string, place: NasLocation): string {
  const text = JSON.stringify([asker.sessionKey, asker.site, 'place', placeText(place)]);
  return `${station}${hash('sha256', text).slice(0, 6)}`;
}

export function stationOf(session: string): string {
  return session.slice(0, STATION_DIGITS);
}
