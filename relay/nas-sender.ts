// Sends requests to NASes and tells when the first packet has left.

import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type CoaSender,
  type CoaSenderOptions,
  type CoaSendResult,
  type CoaTarget,
  createCoaSender,
} from './radius/coa-sender.ts';
import type { CoaRequest } from './radius/encode-request.ts';
import { openUdpSocket } from './radius/open-udp-socket.ts';

export interface NasSendOptions {
  readonly signal: AbortSignal;
  /** Called once, with the first transmission. */
  readonly onSent: () => void;
}

export interface NasSender extends Pick<CoaSender, 'close'> {
  /** As `CoaSender.send`. */
  send(target: CoaTarget, request: CoaRequest, options: NasSendOptions): Promise<CoaSendResult>;
}

export function createNasSender(options: CoaSenderOptions = {}): NasSender {
  const { openSocket = openUdpSocket } = options;
  // A transmission runs in the context of the send it belongs to, also one that a timer repeats.
  const sends = new AsyncLocalStorage<{ onSent: (() => void) | undefined }>();
  const sender = createCoaSender({
    ...options,
    async openSocket(socketOptions) {
      const socket = await openSocket(socketOptions);
      return {
        ...socket,
        send(datagram, to, failed) {
          socket.send(datagram, to, failed);
          const send = sends.getStore();
          send?.onSent?.();
          if (send) send.onSent = undefined;
        },
      };
    },
  });
  return {
    send: (target, request, { signal, onSent }) =>
      sends.run({ onSent }, () => sender.send(target, request, { signal })),
    close: () => sender.close(),
  };
}
