// CoA jobs: what the cloud asks a relay on premises to do at a switch, and what the relay reports back.

import type { Instant } from './instant.ts';
import type { NasProfileName } from './nas-profile-name.ts';

/**
 * - `reauthenticate`: the NAS asks the station to authenticate again, and so gets the new answer (RFC 5176 CoA-Request)
 * - `disconnect`: the NAS ends the session (RFC 5176 Disconnect-Request)
 */
export type CoaAction = 'reauthenticate' | 'disconnect';

/** The session as its NAS knows it, in RADIUS attributes: every one that is sent must match, so a profile chooses. */
export interface CoaSession {
  readonly userName?: string;
  readonly callingStationId?: string;
  readonly calledStationId?: string;
  readonly acctSessionId?: string;
  readonly acctMultiSessionId?: string;
  /** Cisco's audit-session-id AV pair. */
  readonly auditSessionId?: string;
  readonly framedIpAddress?: string;
  readonly nasPort?: number;
  readonly nasPortId?: string;
}

/** The NAS as its packets named it. Where to send, and with which secret, only the relay knows. */
export interface CoaNas {
  readonly nasIpAddress?: string;
  readonly nasIpv6Address?: string;
  readonly nasIdentifier?: string;
  readonly packetSourceIp?: string;
}

/** One attempt of a job, as it travels through the site's queue. It carries no secret. */
export interface CoaJob {
  /** Device version and session: the same decision about the same session is the same job. */
  readonly id: string;
  /** 1 for the first; each has a message of its own, `<id>:<attempt>`. */
  readonly attempt: number;
  readonly site: string;
  readonly action: CoaAction;
  readonly session: CoaSession;
  readonly nas: CoaNas;
  readonly decidedAt: Instant;
  /** After this the job is not sent any more: the decision has been overtaken. */
  readonly expiresAt: Instant;
}

/**
 * How an attempt ended:
 * - `acknowledged`: the NAS answered ACK
 * - `refused`: the NAS answered NAK; `errorCause` says why
 * - `no-answer`: silence through all retransmissions, or only answers that could not be verified
 * - `unknown-nas`: no NAS of relay.yaml matches
 * - `not-possible`: the NAS' profile needs an attribute that the session does not have
 * - `expired`: too late when the relay got it
 */
export type CoaOutcome = 'acknowledged' | 'refused' | 'no-answer' | 'unknown-nas' | 'not-possible' | 'expired';

export type CoaReportStage = 'taken' | 'sent' | 'finished';

/** What the relay sends to the results queue: `taken` and `sent` on the way, then one with an outcome. */
export interface CoaReport {
  readonly jobId: string;
  readonly attempt: number;
  readonly site: string;
  readonly relay: string;
  readonly stage: CoaReportStage;
  readonly at: Instant;
  /** Stages before this one that had no report of their own, the first one first. */
  readonly earlier?: readonly { readonly stage: Exclude<CoaReportStage, 'finished'>; readonly at: Instant }[];
  readonly outcome?: CoaOutcome;
  /** RFC 5176 section 3.5; number and name. */
  readonly errorCause?: { readonly code: number; readonly name: string };
  /**
   * With a NAK: this NAS has acknowledged no request since the relay started, so that an attribute it needs may be
   * missing from all of them. Relays of versions before send nothing of the kind.
   */
  readonly neverAcknowledged?: true;
  /** Packets sent, the first one included. */
  readonly transmissions?: number;
  /** Answers that were discarded, by reason, e.g. `authenticator`; never their content. */
  readonly discarded?: Readonly<Record<string, number>>;
  /** NAS profile that the request was made by. Relays of versions before do not say. */
  readonly profile?: NasProfileName;
  /** W3C traceparent of the relay's work on this attempt. Absent without telemetry there, and from versions before. */
  readonly trace?: string;
  /** What the operator can do, where that is known. */
  readonly hint?: string;
}

/** A report for each stage that this one contains, in their order. */
export function stagesOf({ earlier = [], ...last }: CoaReport): readonly CoaReport[] {
  const { jobId, attempt, site, relay } = last;
  return [...earlier.map(({ stage, at }) => ({ jobId, attempt, site, relay, stage, at })), last];
}

export function coaMessageId({ id, attempt }: Pick<CoaJob, 'id' | 'attempt'>): string {
  return `${id}:${attempt}`;
}
