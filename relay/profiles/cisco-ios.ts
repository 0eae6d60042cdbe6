// Cisco IOS and IOS XE switches, and what follows their example.

import type { CoaJob, CoaSession } from '../../shared/domain/coa-job.ts';
import type { Attribute } from '../radius/attribute-table.ts';
import { identifiedRequest } from './identified-request.ts';
import type { NasProfile } from './nas-profile.ts';

/**
 * Reauthenticate is a CoA-Request with `subscriber:command=reauthenticate`; `subscriber:reauthenticate-type=last`
 * repeats the method that succeeded last. The port stays up, so a phone or another host at it is not disturbed.
 * Disconnect is a plain Disconnect-Request.
 *
 * The session is identified by Calling-Station-Id and audit-session-id, by Acct-Session-Id only if both are unknown:
 * the switch refuses (Error-Cause 407) unless every identifier sent matches.
 */
export const ciscoIos: NasProfile = {
  name: 'cisco-ios',
  description: 'Cisco IOS and IOS XE: CoA-Request with subscriber:command=reauthenticate, Disconnect-Request.',
  defaultPort: 1700,
  identifiesBy: ['Calling-Station-Id', 'audit-session-id', 'Acct-Session-Id'],
  request(job, facts) {
    return identifiedRequest(
      {
        packet: job.action === 'reauthenticate' ? 'CoA-Request' : 'Disconnect-Request',
        identification: identification(job.session, facts.omit),
        needsOneOf: ['Calling-Station-Id', 'audit-session-id', 'Acct-Session-Id'],
        command: command(job),
      },
      job,
      facts,
    );
  },
};

function identification(session: CoaSession, omit: readonly string[] = []): Attribute[] {
  const { callingStationId, auditSessionId, acctSessionId } = session;
  const may = (name: string): boolean => !omit.includes(name);
  const attributes: Attribute[] = [];
  if (callingStationId && may('Calling-Station-Id')) attributes.push(['Calling-Station-Id', callingStationId]);
  if (auditSessionId && may('audit-session-id'))
    attributes.push(['Cisco-AVPair', `audit-session-id=${auditSessionId}`]);
  if (attributes.length === 0 && acctSessionId && may('Acct-Session-Id'))
    attributes.push(['Acct-Session-Id', acctSessionId]);
  return attributes;
}

function command({ action }: Pick<CoaJob, 'action'>): readonly Attribute[] {
  if (action === 'disconnect') return [];
  return [
    ['Cisco-AVPair', 'subscriber:command=reauthenticate'],
    ['Cisco-AVPair', 'subscriber:reauthenticate-type=last'],
  ];
}
