// Sends CoA-Requests and Disconnect-Requests to NASes and waits for the verified answer.

import type { Attribute } from './attribute-table.ts';
import { type CoaRequest, layOutRequest, signRequest } from './encode-request.ts';
import type { ErrorCause } from './error-cause.ts';
import { createIdentifierLedger } from './identifier-ledger.ts';
import { type OpenUdpSocket, openUdpSocket } from './open-udp-socket.ts';
import { readIpAddress } from './read-ip-address.ts';
import { type RetransmissionTimes, RFC5080_TIMES, retransmissionTimeouts } from './retransmission-timeouts.ts';
import { type SendClock, systemSendClock } from './send-clock.ts';
import { createSourcePorts, type SourcePortLease } from './source-ports.ts';
import { type RefusalReason, verifyAnswer } from './verify-answer.ts';

/** A NAS to send to, and how to talk to it. */
export interface CoaTarget {
  /** IPv4 or IPv6 address; no host name. */
  readonly address: string;
  readonly port: number;
  /** Local address to send from, of the same family; by default the system chooses. */
  readonly sourceAddress?: string;
  /** A text counts as UTF-8. */
  readonly secret: string | Uint8Array;
  /** Sign requests with Message-Authenticator too. On by default. */
  readonly messageAuthenticator?: boolean;
  /** Send Event-Timestamp, so that the NAS recognises a replay. On by default. */
  readonly eventTimestamp?: boolean;
  /** Accept answers whose Message-Authenticator FreeRADIUS 3.2.1 computed. Off by default. */
  readonly legacyZeroMessageAuthenticator?: boolean;
}

/** Why a datagram was not taken for the answer; `source`: a right answer, but from another address or port. */
export type DiscardReason = RefusalReason | 'source';

interface CoaExchange {
  /** Packets sent, the first one included. */
  readonly transmissions: number;
  /** Datagrams that were not taken for the answer, by reason. */
  readonly discarded: Readonly<Record<string, number>>;
  /** From the first transmission to the end, milliseconds. */
  readonly elapsedMs: number;
  /** Absent if no socket could be opened. */
  readonly identifier?: number;
  /** Code of the system's last refusal to send, e.g. ENETUNREACH. */
  readonly localError?: string;
}

export interface CoaAnswered extends CoaExchange {
  readonly kind: 'ack' | 'nak';
  readonly errorCause?: ErrorCause;
}

export interface CoaUnanswered extends CoaExchange {
  readonly kind: 'no-answer';
}

export type CoaSendResult = CoaAnswered | CoaUnanswered;

export interface CoaSendOptions {
  readonly signal?: AbortSignal;
  /** Called after each transmission, the first one included, with how many there were. */
  readonly onTransmission?: (transmissions: number) => void;
  /** Called when the answer that counts has no Message-Authenticator; its Response Authenticator is right. */
  readonly onUnsignedAnswer?: () => void;
}

export interface CoaSender {
  /**
   * Sends one request and retransmits it, unchanged and from the same port, until it is answered or the time is up
   * (RFC 5080 section 2.2.1). May wait for a free identifier before.
   * @throws RangeError for a target or request that cannot be sent; the signal's reason once it aborts;
   * CoaSenderClosedError after `close`
   */
  send(target: CoaTarget, request: CoaRequest, options?: CoaSendOptions): Promise<CoaSendResult>;
  /** Source ports that are open now. */
  readonly openPorts: number;
  /** Ends everything; sends under way reject. Nothing is left open when it resolves. */
  close(): Promise<void>;
}

export interface CoaSenderOptions {
  readonly times?: RetransmissionTimes;
  /**
   * Milliseconds for which an identifier is not used again to the same NAS from the same port: the replay window of
   * RFC 5176 section 6.3.
   */
  readonly replayWindowMs?: number;
  /** Bound on open sockets; each is good for 256 requests to every NAS within the replay window. */
  readonly maximumPorts?: number;
  readonly idleCloseMs?: number;
  readonly clock?: SendClock;
  /** Numbers from 0 (included) to 1 (excluded). */
  readonly random?: () => number;
  readonly openSocket?: OpenUdpSocket;
}

export class CoaSenderClosedError extends Error {
  override readonly name = 'CoaSenderClosedError';

  constructor() {
    super('The CoA sender has been closed');
  }
}

export function createCoaSender(options: CoaSenderOptions = {}): CoaSender {
  const { times = RFC5080_TIMES, clock = systemSendClock, random = Math.random } = options;
  const { replayWindowMs = 300_000, maximumPorts = 32, idleCloseMs = 10_000, openSocket = openUdpSocket } = options;
  const ledger = createIdentifierLedger(replayWindowMs, clock.elapsed, random);
  const ports = createSourcePorts({ openSocket, ledger, clock, maximumPorts, idleCloseMs });
  /** Ends those under way. A signal joined to each caller's would outlive the send and keep its memory. */
  const ending = new Set<(reason: unknown) => void>();
  let closedBy: CoaSenderClosedError | undefined;

  return {
    async send(target, request, { signal, ...callbacks } = {}) {
      const { address, port, sourceAddress, secret } = readTarget(target);
      // Refuses what cannot be encoded before it takes an identifier and a socket.
      if (secret.length === 0) throw new RangeError('The shared secret is empty');
      let laidOut = layOut(target, request, clock.now());
      let exchange: ReturnType<typeof createExchange> | undefined;
      let lease: SourcePortLease;
      try {
        lease = await ports.lease({
          nas: { address: address.text, port },
          family: address.family,
          sourceAddress,
          signal,
          onDatagram: (datagram, fromNas) => exchange?.receive(datagram, fromNas),
        });
      } catch (error) {
        if (signal?.aborted || closedBy || !(error instanceof Error && 'code' in error)) throw error;
        return { kind: 'no-answer', transmissions: 0, discarded: {}, elapsedMs: 0, localError: String(error.code) };
      }
      try {
        // No await since the lease was granted but this one turn: the signal may have come in it.
        signal?.throwIfAborted();
        if (closedBy) throw closedBy;
        if (laidOut.second !== secondOf(clock.now())) laidOut = layOut(target, request, clock.now());
        const { messageAuthenticator = true } = target;
        const packet = signRequest(laidOut.packet, { identifier: lease.identifier, secret, messageAuthenticator });
        exchange = createExchange({ packet, secret, target, lease, times, clock, random, ...callbacks });
        ending.add(exchange.end);
        return await exchange.run(signal);
      } finally {
        if (exchange) ending.delete(exchange.end);
        lease.release();
      }
    },
    get openPorts() {
      return ports.open;
    },
    async close() {
      closedBy ??= new CoaSenderClosedError();
      for (const end of ending) end(closedBy);
      await ports.close(closedBy);
    },
  };
}

function readTarget({ address: addressText, port, sourceAddress: sourceText, secret: secretText }: CoaTarget) {
  const address = readIpAddress(addressText);
  if (address === undefined) throw new RangeError(`${JSON.stringify(addressText)} is not an IP address`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`${port} is not a UDP port`);
  const source = sourceText === undefined ? undefined : readIpAddress(sourceText);
  if (sourceText !== undefined && source?.family !== address.family) {
    throw new RangeError(`${JSON.stringify(sourceText)} is not an IPv${address.family} address to send from`);
  }
  const secret = typeof secretText === 'string' ? Buffer.from(secretText, 'utf8') : secretText;
  return { address, port, sourceAddress: source?.text, secret };
}

/** Laid out again before it leaves if the second is another one by then. */
function layOut(target: CoaTarget, { packet, attributes, fixed = [] }: CoaRequest, now: Date) {
  const { messageAuthenticator = true, eventTimestamp = true } = target;
  const second = secondOf(now);
  const timestamp: Attribute = ['Event-Timestamp', second];
  const all = eventTimestamp ? [...attributes, timestamp] : attributes;
  return { packet: layOutRequest({ packet, attributes: all, fixed, messageAuthenticator }), second };
}

function secondOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

interface ExchangeOptions extends Omit<CoaSendOptions, 'signal'> {
  readonly packet: Uint8Array;
  readonly secret: Uint8Array;
  readonly target: CoaTarget;
  readonly lease: SourcePortLease;
  readonly times: RetransmissionTimes;
  readonly clock: SendClock;
  readonly random: () => number;
}

/** One request on its way: transmissions, timers and what arrives. */
function createExchange(options: ExchangeOptions) {
  const { packet, secret, target, lease, times, clock, random, onTransmission, onUnsignedAnswer } = options;
  const timeouts = retransmissionTimeouts(times, random);
  const discarded: Record<string, number> = {};
  const outcome = Promise.withResolvers<CoaSendResult>();
  const startedAt = clock.elapsed();
  let transmissions = 0;
  let localError: string | undefined;
  let cancelTimer = () => {};

  function transmit(): void {
    transmissions++;
    lease.send(packet, (error) => {
      localError = 'code' in error ? String(error.code) : error.name;
    });
    const timeout = timeouts.next().value;
    const left =
      times.maximumDurationMs > 0 ? startedAt + times.maximumDurationMs - clock.elapsed() : Number.POSITIVE_INFINITY;
    const last = left <= timeout || transmissions === times.maximumCount;
    cancelTimer = clock.after(Math.min(timeout, left), last ? giveUp : transmit);
    onTransmission?.(transmissions);
  }

  function giveUp(): void {
    outcome.resolve({ kind: 'no-answer', ...soFar() });
  }

  function soFar(): CoaExchange {
    return {
      transmissions,
      discarded: { ...discarded },
      elapsedMs: clock.elapsed() - startedAt,
      identifier: lease.identifier,
      ...(localError === undefined ? {} : { localError }),
    };
  }

  function discard(reason: DiscardReason): void {
    discarded[reason] = (discarded[reason] ?? 0) + 1;
  }

  return {
    end: outcome.reject,
    async run(signal: AbortSignal | undefined): Promise<CoaSendResult> {
      const stop = () => outcome.reject(signal?.reason);
      signal?.addEventListener('abort', stop, { once: true });
      try {
        transmit();
        return await outcome.promise;
      } finally {
        cancelTimer();
        signal?.removeEventListener('abort', stop);
      }
    },
    receive(datagram: Uint8Array, fromNas: boolean): void {
      const verdict = verifyAnswer({
        request: packet,
        datagram,
        secret,
        legacyZeroMessageAuthenticator: target.legacyZeroMessageAuthenticator ?? false,
      });
      // From another address only a right answer is of use: it shows that the NAS answers from there.
      if (!fromNas) {
        if (verdict.ok) discard('source');
        return;
      }
      if (!verdict.ok) {
        discard(verdict.reason);
        return;
      }
      const { kind, errorCause, messageAuthenticator } = verdict.answer;
      if (messageAuthenticator === 'absent') onUnsignedAnswer?.();
      outcome.resolve({ kind, ...(errorCause === undefined ? {} : { errorCause }), ...soFar() });
    },
  };
}
