// A NAS of which nothing more is known than that it speaks RFC 5176.

import type { Attribute } from '../radius/attribute-table.ts';
import { identifiedRequest } from './identified-request.ts';
import type { NasProfile } from './nas-profile.ts';

/**
 * Disconnect-Request for both actions. RFC 5176 knows no "authenticate again": its CoA-Request changes authorization
 * attributes in place, and Authorize Only (section 3.2) does not involve the station and few NASes offer it. A station
 * that is disconnected comes back by itself, authenticates, and so gets the new answer; it costs a short interruption.
 *
 * The session is identified by Acct-Session-Id, which the NAS chose itself, and Calling-Station-Id, each as far as
 * known. A user name or a port alone would hit the other sessions of the user, or the other stations at the port, too.
 */
export const genericRfc5176: NasProfile = {
  name: 'generic-rfc5176',
  description:
    'Any NAS with RFC 5176: ends the session by Disconnect-Request, for reauthenticate too; the station returns.',
  defaultPort: 3799,
  identifiesBy: ['Acct-Session-Id', 'Calling-Station-Id'],
  request(job, facts) {
    const { acctSessionId, callingStationId } = job.session;
    const identification: Attribute[] = [];
    const omit = facts.omit ?? [];
    if (acctSessionId && !omit.includes('Acct-Session-Id')) identification.push(['Acct-Session-Id', acctSessionId]);
    if (callingStationId && !omit.includes('Calling-Station-Id')) {
      identification.push(['Calling-Station-Id', callingStationId]);
    }
    return identifiedRequest(
      { packet: 'Disconnect-Request', identification, needsOneOf: ['Acct-Session-Id', 'Calling-Station-Id'] },
      job,
      facts,
    );
  },
};
