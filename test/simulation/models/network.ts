// What lies between a relay and its NASes: where the relay's sender would put packets on the wire, and how long it
// takes.

import type { CoaSender, CoaSendResult } from '../../../relay/radius/coa-sender.ts';
import type { SimProcess } from '../sim-process.ts';
import type { CoaNames, Nas } from './nas.ts';

/** Time until the relay gives up (RFC 5080 2.2.1, MRD). */
const SILENCE_MS = 30_000;
const RETRANSMISSION_MS = 2_000;

type Sender = Pick<CoaSender, 'send' | 'close'>;

export function networkOf(process: SimProcess, nasAt: (address: string) => Nas | undefined): Sender {
  return {
    send({ address }, { packet, attributes }, { signal, onTransmission } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<CoaSendResult>();
      const nas = nasAt(address);
      const names = namesIn(attributes);
      const startedAt = process.clock.elapsed();
      const exchange = (transmissions: number) => ({
        transmissions,
        discarded: {},
        elapsedMs: process.clock.elapsed() - startedAt,
      });
      let transmissions = 0;
      let cancel = (): void => undefined;
      const aborted = (): void => {
        cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', aborted, { once: true });
      const end = (result: CoaSendResult): void => {
        signal?.removeEventListener('abort', aborted);
        resolve(result);
      };
      let verdict: ReturnType<Nas['carryOut']> | undefined;
      const transmit = (): void => {
        if (signal?.aborted) return;
        transmissions += 1;
        onTransmission?.(transmissions);
        const trouble = nas?.coaTrouble ?? 'dead';
        const arrives = trouble !== 'dead' && !(trouble === 'lossy' && process.random.chance(0.4));
        // A repetition of the same packet is not carried out twice (RFC 5176 3.3): it is answered the same.
        if (arrives) verdict ??= nas?.carryOut(packet, names);
        const returns = arrives && !(trouble === 'lossy' && process.random.chance(0.4));
        const answer = verdict;
        if (returns && answer !== undefined) {
          cancel = process.after(process.random.between(1, 40), () =>
            end(
              answer.kind === 'ack'
                ? { kind: 'ack', ...exchange(transmissions) }
                : { kind: 'nak', ...exchange(transmissions), errorCause: { code: answer.code, name: answer.name } },
            ),
          );
        } else if (transmissions * RETRANSMISSION_MS < SILENCE_MS / 3) {
          cancel = process.after(RETRANSMISSION_MS, transmit);
        } else {
          const leftMs = SILENCE_MS - (process.clock.elapsed() - startedAt);
          cancel = process.after(leftMs, () => end({ kind: 'no-answer', ...exchange(transmissions) }));
        }
      };
      process.after(1, transmit);
      return promise;
    },
    close: async () => undefined,
  };
}

function namesIn(attributes: readonly (readonly [string, ...unknown[]])[]): CoaNames {
  const textOf = (name: string): string | undefined => {
    const found = attributes.find(([one]) => one === name)?.[1];
    return typeof found === 'string' ? found : undefined;
  };
  const pairs = attributes.flatMap(([name, value]) => (name === 'Cisco-AVPair' ? [String(value)] : []));
  const audit = pairs.find((pair) => pair.startsWith('audit-session-id='));
  return {
    callingStationId: textOf('Calling-Station-Id'),
    acctSessionId: textOf('Acct-Session-Id'),
    auditSessionId: audit?.slice('audit-session-id='.length),
  };
}
