// Asks an MDM server in Cisco's MDM dialect over HTTPS: negotiates the version, keeps to the server's pace and pauses,
// sends its account to no other host, and gives every call an end.

import { SourceError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Stopwatch } from '../../ports/timer.ts';
import { TokenBucket } from '../../token-bucket.ts';
import type { HttpAnswer, HttpsTransport } from '../https/https-transport.ts';
import { basicCredentials, type MdmConnection } from './mdm-connection.ts';
import { mdmRefusal } from './mdm-refusal.ts';
import { AFTER_REFUSED_PASSWORD_MS, Pauses } from './pauses.ts';
import { devicesUrl, informationUrl, type Question } from './questions.ts';
import { type DeviceAnswer, readDevices } from './read-devices.ts';
import { type MdmInformation, readInformation } from './read-information.ts';

export interface MdmClient {
  readonly connection: MdmConnection;
  /** What mdminfo said, at most a quarter of an hour ago. @throws SourceError */
  information(signal?: AbortSignal): Promise<MdmInformation>;
  /**
   * @param paging `0` for the first page, then what the answer before gave
   * @param signal ends the call early; with it, a call that must wait for its turn fails instead
   * @throws SourceError
   */
  ask(question: Question, paging: string, signal?: AbortSignal): Promise<DeviceAnswer>;
}

export interface MdmClientDeps {
  readonly transport: HttpsTransport;
  readonly clock: Pick<Clock, 'now' | 'within'>;
  readonly stopwatch: Stopwatch;
  /** Milliseconds for one call, with all that it waits for but its turn. */
  readonly callMs: number;
}

/** How long what mdminfo said is relied on: a server may be upgraded, and may move its paths. */
const INFORMATION_MS = 900_000;

/** @throws ConnectorError NAC_SETTINGS for an account that HTTP Basic cannot carry */
export function createMdmClient(connection: MdmConnection, deps: MdmClientDeps): MdmClient {
  const { transport, clock, stopwatch, callMs } = deps;
  const { preset, address } = connection;
  const { origin, host } = new URL(address);
  const headers = { authorization: basicCredentials(connection), accept: 'application/xml' };
  const bucket = new TokenBucket(preset.pace);
  const pauses = new Pauses(stopwatch);
  let known: { readonly information: Promise<MdmInformation>; readonly askedAt: number } | undefined;

  /** With a signal there is an asker who cannot wait: it would only take the turn of others. */
  async function takeTurn(signal: AbortSignal | undefined): Promise<void> {
    if (signal !== undefined) {
      if (!bucket.tryTake(1, stopwatch.elapsed())) throw tooMany(preset.title);
      return;
    }
    const waitMs = bucket.reserve(1, stopwatch.elapsed());
    if (waitMs === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    stopwatch.after(waitMs, resolve);
    await promise;
  }

  async function send(url: string, signal?: AbortSignal): Promise<HttpAnswer> {
    // What an operator or a server wrote may lead astray; the account goes nowhere else.
    if (new URL(url).origin !== origin) throw new TypeError('a question was for another host');
    pauses.check();
    await takeTurn(signal);
    pauses.check();
    return clock.within(callMs, (deadline) => {
      const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
      return transport.send('GET', url, headers, undefined, { signal: either });
    });
  }

  function refused(answer: HttpAnswer): SourceError {
    const error = mdmRefusal(answer, preset, host, clock.now());
    if (error.retryAfterMs !== undefined) pauses.begin(error, error.retryAfterMs);
    if (error.code === 'NAC_SOURCE_UNAUTHORIZED') pauses.begin(error, AFTER_REFUSED_PASSWORD_MS);
    // Paths may have moved: the next call asks where they are. A server that is only busy has not moved.
    if (error.code !== 'NAC_SOURCE_THROTTLED') known = undefined;
    return error;
  }

  /** Servers of version 1 need not know the parameter. */
  async function negotiate(): Promise<MdmInformation> {
    let answer = await send(informationUrl(address, preset.newestVersion));
    if (answer.status === 400 || answer.status === 404) answer = await send(informationUrl(address));
    if (answer.status === 404) throw notThere(preset.title, host);
    if (answer.status !== 200) throw refused(answer);
    return readInformation(answer.body, origin, preset.title);
  }

  function information(signal?: AbortSignal): Promise<MdmInformation> {
    const now = stopwatch.elapsed();
    if (known === undefined || now - known.askedAt >= INFORMATION_MS) {
      const entry = { information: negotiate(), askedAt: now };
      known = entry;
      // Only a success is kept.
      entry.information.catch(() => {
        if (known === entry) known = undefined;
      });
    }
    return unlessAborted(known.information, signal);
  }

  return {
    connection,
    information,
    async ask(question, paging, signal) {
      const informed = await information(signal);
      const answer = await send(devicesUrl(informed, question, paging), signal);
      if (answer.status !== 200) throw refused(answer);
      const read = readDevices(answer.body, informed.version, preset.title);
      if (read.busySeconds > 0) {
        const error = busy(preset.title, read.busySeconds);
        pauses.begin(error, read.busySeconds * 1000);
        // A busy server may have left out what it had no time for: an empty answer would mean "not enrolled".
        if (read.devices.length === 0) throw error;
      }
      return read;
    },
  };
}

/** One negotiation serves all who wait for it; one of them that gives up does not end it. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const end = (): void => {
    reject(
      new SourceError('NAC_SOURCE_UNREACHABLE', 'The MDM server was not known in time.', {
        action: 'It is asked again by itself.',
        cause: signal.reason,
      }),
    );
  };
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  work.then(resolve, reject);
  return promise.finally(() => signal.removeEventListener('abort', end));
}

function busy(title: string, seconds: number): SourceError {
  return new SourceError('NAC_SOURCE_THROTTLED', `${title} says that it is busy for ${seconds} s.`, {
    action: 'It is asked again later.',
    retryAfterMs: Math.min(seconds, 3_600) * 1000,
    field: 'server_busy_wait_seconds',
  });
}

function tooMany(title: string): SourceError {
  return new SourceError('NAC_SOURCE_THROTTLED', `${title} has been asked as often as it may be for now.`, {
    action: 'Nothing to do: what is stored counts, and the device is read again by itself.',
    retryAfterMs: 1_000,
  });
}

function notThere(title: string, host: string): SourceError {
  return new SourceError('NAC_SOURCE_DIALECT', `${title} has no /ciscoise/mdminfo at ${host} below this address.`, {
    action:
      'Check that the address is the one that the MDM shows for Cisco ISE, with its instance, and that the interface is switched on.',
  });
}
