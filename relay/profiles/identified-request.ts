// Puts a profile's request together: identification first, then the extra attributes of the NAS, then the command.

import type { CoaJob } from '../../shared/domain/coa-job.ts';
import type { Attribute } from '../radius/attribute-table.ts';
import { attributeProblem } from '../radius/encode-attribute.ts';
import type { RequestPacket } from '../radius/packet-code.ts';
import type { ExtraIdentification, NasFacts, ProfileAnswer } from './nas-profile.ts';

export interface IdentifiedRequestOptions {
  readonly packet: RequestPacket;
  /** What the profile identifies the session by; empty if the session has none of it. */
  readonly identification: readonly Attribute[];
  /** The names of which the session needs at least one, for the reason if it has none. */
  readonly needsOneOf: readonly string[];
  readonly command?: readonly Attribute[];
}

/** Not possible without identification, without an extra attribute, or with a value that no attribute can hold. */
export function identifiedRequest(
  { packet, identification, needsOneOf, command = [] }: IdentifiedRequestOptions,
  job: Pick<CoaJob, 'session' | 'nas'>,
  { alsoIdentifyBy = [], send = [], omit = [] }: NasFacts,
): ProfileAnswer {
  // What the operator names for this NAS identifies a session, too, where the profile's own is left out.
  if (identification.length === 0 && (omit.length === 0 || alsoIdentifyBy.length === 0)) {
    return {
      possible: false,
      missing: needsOneOf,
      reason: `The session has no ${needsOneOf.join(' and no ')}, so the NAS cannot tell which one is meant.`,
    };
  }
  const there = new Set<string>(identification.map(([name]) => name));
  const extra: Attribute[] = [];
  const missing: string[] = [];
  for (const name of new Set(alsoIdentifyBy)) {
    if (there.has(name)) continue;
    const attribute = extraAttribute(name, job);
    if (attribute === undefined) missing.push(name);
    else extra.push(attribute);
  }
  if (missing.length > 0) {
    return {
      possible: false,
      missing,
      reason: `This NAS is to be sent ${missing.join(' and ')}, which the session does not have.`,
    };
  }
  const fixed = new Set(send.map(({ label }) => label));
  const attributes = [...identification, ...extra, ...command].filter(([name]) => !fixed.has(name) || isRepeated(name));
  for (const attribute of attributes) {
    const problem = attributeProblem(attribute);
    if (problem === undefined) continue;
    const [name] = attribute;
    return { possible: false, missing: [name], reason: `${name} cannot be sent: it ${problem}.` };
  }
  return { possible: true, request: { packet, attributes, ...(send.length > 0 && { fixed: send }) } };
}

/** Vendors' pairs stand beside each other; of all else a value given for this NAS takes the place. */
function isRepeated(name: string): boolean {
  return name === 'Cisco-AVPair';
}

function extraAttribute(
  name: ExtraIdentification,
  { session, nas }: Pick<CoaJob, 'session' | 'nas'>,
): Attribute | undefined {
  switch (name) {
    case 'User-Name':
      return session.userName ? [name, session.userName] : undefined;
    case 'NAS-IP-Address':
      return nas.nasIpAddress ? [name, nas.nasIpAddress] : undefined;
    case 'NAS-IPv6-Address':
      return nas.nasIpv6Address ? [name, nas.nasIpv6Address] : undefined;
    case 'NAS-Identifier':
      return nas.nasIdentifier ? [name, nas.nasIdentifier] : undefined;
    case 'NAS-Port':
      return session.nasPort === undefined ? undefined : [name, session.nasPort];
    case 'NAS-Port-Id':
      return session.nasPortId ? [name, session.nasPortId] : undefined;
    case 'Called-Station-Id':
      return session.calledStationId ? [name, session.calledStationId] : undefined;
    case 'Acct-Session-Id':
      return session.acctSessionId ? [name, session.acctSessionId] : undefined;
    case 'Acct-Multi-Session-Id':
      return session.acctMultiSessionId ? [name, session.acctMultiSessionId] : undefined;
    case 'Framed-IP-Address':
      return session.framedIpAddress ? [name, session.framedIpAddress] : undefined;
  }
}
