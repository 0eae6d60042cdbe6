// Reads one device from its source at once, because an operator asks for it, and stores what was read.

import type { ComplianceState } from '../../domain/device/compliance-state.ts';
import type { Instant } from '../../domain/instant.ts';
import { SourceError, toConnectorError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { TokenBucket } from '../../token-bucket.ts';
import type { PointReading, PointReads } from './point-reads.ts';
import { type SavePointReadsDeps, savePointReads } from './save-point-reads.ts';

export interface RefreshDeviceDeps extends SavePointReadsDeps {
  readonly source: { readonly name: string };
  readonly reads: PointReads;
  /** Of this process: a script of an operator must not use up what the source lets us ask. */
  readonly quota: TokenBucket;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What the source said of the device. */
export type RefreshedDevice =
  | { readonly read: 'found'; readonly compliance: ComplianceState; readonly asOf: Instant }
  /** The source knows no such device; one such answer alone does not make it gone. */
  | { readonly read: 'absent'; readonly asOf: Instant }
  /** It was not asked, or did not answer: the stored record stays. */
  | { readonly read: 'failed'; readonly code: string; readonly message: string };

/** An operator waits for it. */
const READ_DEADLINE_MS = 10_000;

/** @param id of a stored device @throws StoreError */
export async function refreshDevice(deps: RefreshDeviceDeps, id: string): Promise<RefreshedDevice> {
  try {
    const reading = await readInTime(deps, id);
    if (reading.kind === 'failed') throw reading.error;
    await savePointReads(deps, [reading], { source: deps.source.name, holdAbsences: true });
    const asOf = reading.requestedAt;
    if (reading.kind === 'absent') return { read: 'absent', asOf };
    const stored = await deps.devices.read({ source: deps.source.name, id });
    return { read: 'found', compliance: reading.device(stored?.device).complianceState, asOf };
  } catch (thrown) {
    if (!(thrown instanceof SourceError)) throw thrown;
    return notRead(deps.log, thrown);
  }
}

/** Also for what keeps the source from being asked at all. */
export function notRead(log: Logger, thrown: unknown): RefreshedDevice {
  const { code, message, action } = toConnectorError(thrown);
  log.warn('refresh.device-not-read', { code, message, action });
  return { read: 'failed', code, message };
}

/** What comes later is not stored: nothing may go on after the answer. */
async function readInTime({ reads, quota, clock }: RefreshDeviceDeps, id: string): Promise<PointReading> {
  if (!quota.tryTake(1, clock.now().getTime())) {
    throw new SourceError('NAC_SOURCE_THROTTLED', 'Operators have asked for too many devices at once.', {
      action: 'Wait some seconds, and ask again.',
    });
  }
  const [reading] = await clock.within(READ_DEADLINE_MS, (signal) =>
    Promise.race([reads.read([{ id }]), late(signal)]),
  );
  if (reading === undefined) throw new Error('a question without an answer');
  return reading;
}

function late(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      const message = `The source did not answer within ${READ_DEADLINE_MS / 1000} seconds.`;
      reject(new SourceError('NAC_SOURCE_UNREACHABLE', message, { action: 'Ask again, or look at GET /api/doctor.' }));
    });
  });
}
