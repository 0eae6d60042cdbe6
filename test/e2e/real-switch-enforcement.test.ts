// A change in Intune at real switch ports: hostapd closes the port, the station comes back by EAP-TLS, and what it gets is
// proven by the switch's own accounting. What is asserted is the state of the port.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EnforcementJob } from '../../shared/domain/enforcement-job.ts';
import { type PluggedStation, RealSwitchSite } from '../support/real-switch/real-switch-site.ts';

let site: RealSwitchSite;

beforeAll(async () => {
  site = await RealSwitchSite.start({
    switches: { both: {}, boot: {} },
    devices: ['BOTH-WAYS', 'REBOOTED'],
  });
});

afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
});

/** The change in Intune has closed the port, and the switch knows nothing of the station any more. */
async function disconnectedBy(station: PluggedStation, state: 'compliant' | 'noncompliant'): Promise<void> {
  const [closed, forgotten] = [station.at.closes(station.mac), station.at.forgets(station.mac)];
  site.turn(station.device, state);
  await closed;
  expect(await station.at.stateOf(station.mac)).toBe('closed');
  await forgotten;
}

/** The station sends again, and its port opens: the role that it gets there. */
async function comesBack(station: PluggedStation): Promise<string | undefined> {
  const opened = station.at.opens(station.mac);
  await station.comeBack();
  await opened;
  expect(await station.at.stateOf(station.mac)).toBe('open');
  return roleOf(station);
}

/** What the switch was given last. */
function roleOf({ at }: PluggedStation): string | undefined {
  return at.wire.replies.at(-1)?.attributes['Filter-Id'];
}

const proven = ({ stage }: EnforcementJob): boolean => stage === 'proven';

describe('a device that turns noncompliant and compliant again', () => {
  test('its port closes each time, it comes back with the right role, and each job is proven', async () => {
    const station = await site.plugIn('BOTH-WAYS', 'both');
    expect(roleOf(station)).toBe('compliant');

    await disconnectedBy(station, 'noncompliant');
    expect(await comesBack(station)).toBe('quarantine');
    const first = await site.job(station.device, proven);

    await disconnectedBy(station, 'compliant');
    expect(await comesBack(station)).toBe('compliant');
    await site.job(station.device, (job) => proven(job) && job.id !== first.id);

    expect(await site.notEnforced(station.device)).toEqual([]);
    expect(await station.at.stateOf(station.mac)).toBe('open');
  });
});

describe('a switch whose power fails', () => {
  test('no job goes out for the sessions it had, and the next login gets the right role', async () => {
    const station = await site.plugIn('REBOOTED', 'boot');
    const restarted = site.gateway.accounted('Accounting-On');
    await station.at.kill();
    await station.at.start();
    await restarted;
    expect(await station.at.stateOf(station.mac)).toBe('closed');

    const id = site.idOf(station.device);
    const seen = site.next(({ event, device }) => event === 'device.changed' && device === `intune|${id}`);
    site.turn(station.device, 'noncompliant');
    await seen;
    // Two sweeps later all live sessions have been compared with policy.
    for (let sweeps = 0; sweeps < 2; sweeps++) await site.next(({ event }) => event === 'poll.run');
    expect(await comesBack(station)).toBe('quarantine');
    expect(await site.jobsOf(station.device)).toEqual([]);
  });
});
