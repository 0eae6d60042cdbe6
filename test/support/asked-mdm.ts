// A simulated MDM server, and the product's own client of it over HTTPS with a clock and a stopwatch that a test moves.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MdmServer, type MdmServerOptions, startMdmServer } from '../../local/mdm-server/mdm-server.ts';
import { createMdmClient, type MdmClient } from '../../shared/adapters/cisco-mdm/mdm-client.ts';
import { type MdmConnection, readAddress } from '../../shared/adapters/cisco-mdm/mdm-connection.ts';
import { GENERIC } from '../../shared/adapters/cisco-mdm/presets/generic.ts';
import type { MdmPreset } from '../../shared/adapters/cisco-mdm/presets/mdm-preset.ts';
import { createHttpsTransport, type HttpsTransport } from '../../shared/adapters/https/https-transport.ts';
import type { Stopwatch } from '../../shared/ports/timer.ts';
import { type AdjustableClock, standingClock } from './adjustable-clock.ts';

/** Nothing waits by itself: what has to wait gets its turn when the test lets time pass. */
export class MovedStopwatch implements Stopwatch {
  #elapsed = 0;
  readonly #waiting: { readonly at: number; readonly callback: () => void }[] = [];

  elapsed(): number {
    return this.#elapsed;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const entry = { at: this.#elapsed + milliseconds, callback };
    this.#waiting.push(entry);
    return () => {
      const place = this.#waiting.indexOf(entry);
      if (place !== -1) this.#waiting.splice(place, 1);
    };
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  pass(milliseconds: number): void {
    this.#elapsed += milliseconds;
    for (const entry of this.#waiting.filter(({ at }) => at <= this.#elapsed)) {
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      entry.callback();
    }
  }
}

export interface AskedMdm extends AsyncDisposable {
  readonly server: MdmServer;
  readonly transport: HttpsTransport;
  readonly clock: AdjustableClock;
  readonly stopwatch: MovedStopwatch;
  /** A client that has asked nothing yet. */
  client(change?: Partial<MdmConnection> & { readonly callMs?: number; readonly preset?: MdmPreset }): MdmClient;
}

/** Often enough asked for every test, at a pace that none is about. */
export const FAST: MdmPreset = { ...GENERIC, pace: { capacity: 100_000, perSecond: 100_000 } };

export async function startAskedMdm(options: MdmServerOptions = {}): Promise<AskedMdm> {
  const stack = new AsyncDisposableStack();
  const stopwatch = new MovedStopwatch();
  const clock = clockOf(stopwatch);
  const server = await startMdmServer({ now: () => clock.now(), ...options });
  stack.defer(() => server.close());
  const folder = await mkdtemp(join(tmpdir(), 'nac-mdm-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const extraCaFile = join(folder, 'ca.pem');
  await writeFile(extraCaFile, server.caPem);
  const transport = createHttpsTransport({ extraCaFile, longestAnswerBytes: 4_194_304 });
  stack.defer(() => transport.close());
  return {
    server,
    transport,
    clock,
    stopwatch,
    client({ callMs = 20_000, ...change } = {}) {
      const { username, password } = server;
      const address = readAddress(server.address, 'url');
      const connection = { name: 'mdm', preset: FAST, address, username, password, ...change };
      return createMdmClient(connection, { transport, clock, stopwatch, callMs });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Deadlines pass when the test lets them. */
function clockOf(stopwatch: MovedStopwatch): AdjustableClock {
  const clock = standingClock();
  return {
    ...clock,
    async within(milliseconds, work) {
      const controller = new AbortController();
      const timedOut = new DOMException('The deadline has passed.', 'TimeoutError');
      const cancel = stopwatch.after(milliseconds, () => controller.abort(timedOut));
      try {
        return await work(controller.signal);
      } finally {
        cancel();
      }
    },
  };
}
