// What the simulated switch tells about itself while it runs: one event for each thing that happens to a station.

import type { RequestPacket } from './radius-packet.ts';

/**
 * - `connected`, `roamed`, `reauthenticated`, `disconnected`: the session began, moved, got a new answer, ended
 * - `rejected`: the lookup answered deny, so the station has no session
 * - `lookup-failed`: the lookup gave no answer; a session that was there stays as it is
 * - `accounting-delayed`: a record could not be delivered yet and is tried again; `accounting-refused`: never will be
 * - `coa-received`, `coa-answered`: a request that proved genuine, and what it was answered
 * - `coa-repeated`: a retransmission got the same answer as before
 * - `discarded`: a datagram got no answer; `reason` says why
 */
export type SwitchEventName =
  | 'connected'
  | 'rejected'
  | 'lookup-failed'
  | 'roamed'
  | 'reauthenticated'
  | 'disconnected'
  | 'accounting-delayed'
  | 'accounting-refused'
  | 'coa-received'
  | 'coa-answered'
  | 'coa-repeated'
  | 'discarded';

export interface SwitchEvent {
  readonly event: SwitchEventName;
  readonly switch: string;
  readonly at: string;
  /** Upper-case octets joined by hyphens. */
  readonly mac?: string;
  readonly port?: string;
  readonly role?: string;
  readonly vlan?: string;
  readonly acctSessionId?: string;
  readonly nasIdentifier?: string;
  /** Kind of the accounting record. */
  readonly status?: string;
  readonly request?: RequestPacket;
  readonly answer?: 'ack' | 'nak';
  readonly errorCause?: number;
  readonly reason?: string;
  readonly message?: string;
}

/** Takes an event without what every event of a switch has. */
export type TellSwitchEvent = (event: Omit<SwitchEvent, 'switch' | 'at'>) => void;
