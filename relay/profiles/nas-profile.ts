// What a NAS profile is: how one kind of NAS is asked to reauthenticate or disconnect a session.

import type { CoaJob } from '../../shared/domain/coa-job.ts';
import type { AttributeName } from '../radius/attribute-table.ts';
import type { CoaRequest } from '../radius/encode-request.ts';
import type { FixedAttribute } from '../radius/fixed-attribute.ts';

/** Attributes that identify NAS or session, which a profile leaves out unless the NAS asks for them. */
export const EXTRA_IDENTIFICATION = [
  'User-Name',
  'NAS-IP-Address',
  'NAS-IPv6-Address',
  'NAS-Identifier',
  'NAS-Port',
  'NAS-Port-Id',
  'Called-Station-Id',
  'Acct-Session-Id',
  'Acct-Multi-Session-Id',
  'Framed-IP-Address',
] as const satisfies readonly AttributeName[];

export type ExtraIdentification = (typeof EXTRA_IDENTIFICATION)[number];

/** What the entry of a NAS says to its profile. */
export interface NasFacts {
  /**
   * Attributes that this NAS wants in addition to those of its profile. Each one has to match as well, so add none
   * unless the NAS answers 402 (Missing Attribute), or 508 where several sessions match.
   */
  readonly alsoIdentifyBy?: readonly ExtraIdentification[];
  /** Of `identifiesBy` of the profile: what this NAS must not get. */
  readonly omit?: readonly string[];
  /** Attributes and values that this NAS needs in each request. */
  readonly send?: readonly FixedAttribute[];
}

export type ProfileAnswer =
  | { readonly possible: true; readonly request: CoaRequest }
  | {
      readonly possible: false;
      /** What the session lacks; one of several is enough where `reason` says so. */
      readonly missing: readonly string[];
      /** A sentence for the operator. It names attributes, never their values. */
      readonly reason: string;
    };

export interface NasProfile {
  /** As in relay.yaml. */
  readonly name: string;
  /** One line: which NAS it is for and what it makes of the actions. */
  readonly description: string;
  /** Used where the entry of the NAS names no port. */
  readonly defaultPort: number;
  /** Names by which it identifies a session, as far as the session has them. */
  readonly identifiesBy: readonly string[];
  /** The packet that carries out the job. Pure; does not throw for a value that cannot be sent. */
  request(job: Pick<CoaJob, 'action' | 'session' | 'nas'>, facts: NasFacts): ProfileAnswer;
}
