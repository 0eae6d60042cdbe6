// Live sessions of devices that the breaker holds: they get no job until an operator lets the change through.

import { concurrently } from '../concurrently.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import { toInstant } from '../domain/instant.ts';
import { isConnected } from '../domain/session/session-life.ts';
import { includesSite, type Sites } from '../domain/sites.ts';
import { inChunks } from '../in-chunks.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeviceMark, DeviceStore } from '../ports/device-store.ts';
import type { SessionStore } from '../ports/session-store.ts';

export interface HeldSession {
  readonly site: string;
  readonly sessionId: string;
  readonly device: DeviceKey;
  /** The run that held the change: what an operator releases, or refuses. */
  readonly runId: string;
  /** `flip`: another compliance state; `absence`: the source does not list the device any more. */
  readonly what: 'flip' | 'absence';
}

export interface HeldSessions {
  readonly sessions: readonly HeldSession[];
  /** False when there are more than were asked for, or time ran out: `GET /api/poll` counts the devices of each run. */
  readonly complete: boolean;
}

export interface ListHeldDeps {
  readonly devices: Pick<DeviceStore, 'marks'>;
  readonly sessions: Pick<SessionStore, 'listByDevice'>;
  readonly clock: Clock;
}

export interface HeldFilter {
  /** Only sessions of these sites. */
  readonly sites: Sites;
  readonly deviceId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly limit: number;
}

const DEVICES_AT_ONCE = 4;
/** Marks in memory. */
const CHUNK = 500;
/** No further device is looked at after this time. */
const LIST_MS = 10_000;

export async function listHeld({ devices, sessions, clock }: ListHeldDeps, filter: HeldFilter): Promise<HeldSessions> {
  const until = clock.now().getTime() + LIST_MS;
  const held: HeldSession[] = [];
  let complete = true;
  const isEnough = (): boolean => held.length > filter.limit || clock.now().getTime() >= until;
  const look = async ({ source, id, held: by }: DeviceMark): Promise<void> => {
    if (by === undefined) return;
    if (isEnough()) {
      complete = false;
      return;
    }
    const device = { source, id };
    const now = toInstant(clock.now());
    for (const session of await sessions.listByDevice(device)) {
      const isAsked = filter.sessionId === undefined || session.id === filter.sessionId;
      if (!isAsked || !isConnected(session, now) || !includesSite(filter.sites, session.site)) continue;
      const { runId, what } = by;
      held.push({ site: session.site, sessionId: session.id, device, runId, what });
    }
  };
  for await (const marks of inChunks(devices.marks(), CHUNK, () => !isEnough())) {
    if (marks === 'no-time') complete = false;
    else
      await concurrently(
        marks.filter((mark) => isAskedFor(mark, filter)),
        DEVICES_AT_ONCE,
        look,
      );
  }
  return { sessions: held.slice(0, filter.limit), complete: complete && held.length <= filter.limit };
}

function isAskedFor({ held, id }: DeviceMark, { deviceId }: HeldFilter): boolean {
  return held !== undefined && (deviceId === undefined || id === deviceId.toLowerCase());
}
