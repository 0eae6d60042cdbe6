// Listens for CoA-Requests and Disconnect-Requests on a UDP port of the loopback interface and answers them.

import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { AnsweredRequests } from './answered-requests.ts';
import type { CoaBehaviours } from './coa-behaviour.ts';
import { type CoaAnswer, encodeCoaAnswer } from './encode-coa-answer.ts';
import type { CoaJudgement } from './judge-coa-request.ts';
import { REPLAY_WINDOW_SECONDS, type ReceivedCoaRequest, readCoaRequest } from './read-coa-request.ts';
import type { TellSwitchEvent } from './switch-event.ts';

export interface CoaListenerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly secret: string;
  readonly behaviours: CoaBehaviours;
  readonly judge: (request: ReceivedCoaRequest) => CoaJudgement;
  /** Called once for every acknowledged request, after the answer is on its way. */
  readonly act: (judgement: CoaJudgement & { readonly ok: true }) => void;
  readonly tell: TellSwitchEvent;
}

export interface CoaCounts {
  /** Datagrams of any kind. */
  readonly received: number;
  readonly acknowledged: number;
  readonly refused: number;
  /** Retransmissions that got their answer again. */
  readonly repeated: number;
  /** Datagrams without an answer, by reason. */
  readonly discarded: Readonly<Record<string, number>>;
}

export interface CoaListener {
  readonly port: number;
  counts(): CoaCounts;
  close(): Promise<void>;
}

/** Not the secret of any NAS. */
const FORGERS_SECRET = Buffer.from('forger');

export async function startCoaListener(options: CoaListenerOptions): Promise<CoaListener> {
  const { port, behaviours, judge, act, tell } = options;
  const secret = Buffer.from(options.secret, 'utf8');
  const answered = new AnsweredRequests(REPLAY_WINDOW_SECONDS * 1000);
  const counts = { received: 0, acknowledged: 0, refused: 0, repeated: 0 };
  const discarded: Record<string, number> = {};
  /** Answers that are held back, by source and identifier of their requests. */
  const late = new Map<string, NodeJS.Timeout>();
  const socket = createSocket('udp4');

  function receive(datagram: Buffer, from: RemoteInfo): void {
    counts.received++;
    const verdict = readCoaRequest(datagram, secret, new Date());
    if (!verdict.ok) {
      discard(verdict.problem);
      return;
    }
    const { request } = verdict;
    const { packet, identifier, authenticator } = request;
    const key = `${from.address} ${from.port} ${identifier}`;
    const earlier = answered.find(key, authenticator, performance.now());
    if (earlier === 'other') {
      discard('identifier-reused');
      return;
    }
    if (earlier !== 'none') {
      counts.repeated++;
      tell({ event: 'coa-repeated', request: packet });
      send(earlier, from);
      return;
    }

    const judgement = judge(request);
    const behaviour = behaviours.next(judgement.ok ? judgement.session.mac : undefined);
    if (behaviour.coa === 'silent' || late.has(key)) {
      discard('behaviour');
      return;
    }
    if (behaviour.coa === 'forged') {
      discard('behaviour');
      send(encodeCoaAnswer(request, { kind: 'ack' }, FORGERS_SECRET), from);
      return;
    }
    const station = judgement.ok ? { mac: judgement.session.callingStationId, role: judgement.session.role } : {};
    tell({ event: 'coa-received', request: packet, ...station });
    const answer = behaviour.coa === 'nak' ? refusal(behaviour.errorCause) : answerTo(judgement);
    const encoded = encodeCoaAnswer(request, answer, secret);
    const conclude = () => {
      late.delete(key);
      answered.remember(key, authenticator, encoded, performance.now());
      send(encoded, from);
      if (behaviour.coa === 'double') send(encoded, from);
      const errorCause = answer.kind === 'nak' ? { errorCause: answer.errorCause } : {};
      counts[answer.kind === 'ack' ? 'acknowledged' : 'refused']++;
      tell({ event: 'coa-answered', request: packet, answer: answer.kind, ...errorCause, ...station });
      if (judgement.ok && answer.kind === 'ack') act(judgement);
    };
    if (behaviour.coa === 'late') late.set(key, setTimeout(conclude, behaviour.delayMs));
    else conclude();
  }

  function discard(reason: string): void {
    discarded[reason] = (discarded[reason] ?? 0) + 1;
    tell({ event: 'discarded', reason });
  }

  function send(answer: Uint8Array, to: RemoteInfo): void {
    // An answer that the system does not take is as good as lost on the way: the client asks again.
    socket.send(answer, to.port, to.address, () => undefined);
  }

  socket.bind({ port, address: '127.0.0.1', exclusive: true });
  try {
    await once(socket, 'listening');
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.on('message', receive);
  socket.on('error', () => undefined);
  return {
    port: socket.address().port,
    counts: () => ({ ...counts, discarded: { ...discarded } }),
    async close() {
      for (const timer of late.values()) clearTimeout(timer);
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function answerTo(judgement: CoaJudgement): CoaAnswer {
  return judgement.ok ? { kind: 'ack' } : refusal(judgement.errorCause);
}

function refusal(errorCause: number): CoaAnswer {
  return { kind: 'nak', errorCause };
}
