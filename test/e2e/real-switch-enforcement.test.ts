// A change in Intune at real switch ports: hostapd closes the port, which ends the job, the station comes back by
// EAP-TLS, and the switch accounts for the answer that it got. What is asserted is the state of the port. Each test has
// a switch of its own, and most of it is waiting: all run at once.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EnforcementJob } from '../../shared/domain/coa/enforcement-job.ts';
import { type PluggedStation, RealSwitchSite } from '../support/real-switch/real-switch-site.ts';

/** For so long a process goes on with the restarts that it has read (nas-restarts.ts). */
const RESTARTS_KEPT_MS = 10_000;
const SECOND_MS = 1_000;
/** By whole seconds of the proxy, a record that came two seconds before a restart may have come after it. */
const RECORD_AND_RESTART_APART_MS = 3_000;

let site: RealSwitchSite;

beforeAll(async () => {
  site = await RealSwitchSite.start({
    switches: { both: {}, old: {}, new: {}, away: {}, boot: {}, late: {} },
    devices: ['BOTH-WAYS', 'MOVES', 'STAYS-AWAY', 'REBOOTED', 'LATE'],
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

/** The station sends again, its port opens, and the switch accounts for the answer: the role that it gets there. */
async function comesBack(station: PluggedStation): Promise<string | undefined> {
  const [opened, answered] = [station.at.opens(station.mac), station.at.wire.nextReply()];
  await station.comeBack();
  const accounted = site.gateway.accounted(String((await answered).attributes['Class']));
  await opened;
  expect(await station.at.stateOf(station.mac)).toBe('open');
  await accounted;
  return roleOf(station);
}

/** What the switch was given last. */
function roleOf({ at }: PluggedStation): string | undefined {
  return at.wire.replies.at(-1)?.attributes['Filter-Id'];
}

const ended = ({ stage }: EnforcementJob): boolean => stage === 'ended';
const proven = ({ stage }: EnforcementJob): boolean => stage === 'proven';
/**
 * hostapd says Stop within milliseconds of its ACK; a station that is quicker than the spool has the answer already.
 */
const done = (job: EnforcementJob): boolean => ended(job) || proven(job);

describe.concurrent('a device that turns noncompliant and compliant again', () => {
  test('its port closes each time, it comes back with the right role, and each job comes to its end', async () => {
    const station = await site.plugIn('BOTH-WAYS', 'both');
    expect(roleOf(station)).toBe('compliant');

    await disconnectedBy(station, 'noncompliant');
    expect(await comesBack(station)).toBe('quarantine');
    const first = await site.job(station.device, done);

    await disconnectedBy(station, 'compliant');
    expect(await comesBack(station)).toBe('compliant');
    await site.job(station.device, (job) => done(job) && job.id !== first.id);

    expect(await site.notEnforced(station.device)).toEqual([]);
    expect(await station.at.stateOf(station.mac)).toBe('open');
  });
});

describe.concurrent('a station that moves to a second switch without a word at the first', () => {
  test('both ports close, and it comes back at the second with the right role', async () => {
    const before = await site.plugIn('MOVES', 'old');
    await before.leave();
    const after = await site.plugIn('MOVES', 'new');
    expect(await before.at.stateOf(before.mac)).toBe('open');

    const firstClosed = before.at.closes(before.mac);
    await disconnectedBy(after, 'noncompliant');
    await firstClosed;
    expect(await before.at.stateOf(before.mac)).toBe('closed');

    expect(await comesBack(after)).toBe('quarantine');
    const jobs = (await site.jobsOf(after.device)).filter(done);
    expect(new Set(jobs.map(({ nas }) => nas.nasIpAddress))).toEqual(new Set([before.at.address, after.at.address]));
    expect(await site.notEnforced(after.device)).toEqual([]);
  });
});

describe.concurrent('a station that stays away after its Disconnect', () => {
  test('its job ends with the Stop of the switch, and it is not listed', async () => {
    const station = await site.plugIn('STAYS-AWAY', 'away');
    await disconnectedBy(station, 'noncompliant');
    await site.job(station.device, ended);
    expect(await site.notEnforced(station.device)).toEqual([]);
    expect(await station.at.stateOf(station.mac)).toBe('closed');
  });
});

describe.concurrent('a switch whose power fails', () => {
  test('no job goes out for the sessions it had, and the next login gets the right role', async () => {
    const started = site.gateway.accounted('Start', 'switch-boot');
    const station = await site.plugIn('REBOOTED', 'boot');
    await started;
    await site.pollAfter(RECORD_AND_RESTART_APART_MS);
    const restarted = site.gateway.accounted('Accounting-On', 'switch-boot');
    await station.at.kill();
    await station.at.start();
    await restarted;
    await site.pollAfter(RESTARTS_KEPT_MS);
    expect(await station.at.stateOf(station.mac)).toBe('closed');

    const id = site.idOf(station.device);
    const seen = site.next(({ event, device }) => event === 'device.changed' && device === `intune|${id}`);
    site.turn(station.device, 'noncompliant');
    await seen;
    // By then all live sessions have been compared with policy.
    await site.pollAfter(2 * SECOND_MS);
    expect(await comesBack(station)).toBe('quarantine');
    expect(await site.jobsOf(station.device)).toEqual([]);
  });
});

describe.concurrent('a permit that reaches the switch when it has forgotten the station', () => {
  test('opens no port and proves nothing; the next login does', async () => {
    const station = await site.plugIn('LATE', 'late');
    const deliver = station.at.wire.holdAccept();
    const [closed, forgotten] = [station.at.closes(station.mac), station.at.forgets(station.mac)];
    site.turn(station.device, 'noncompliant');
    await closed;
    const answered = station.at.wire.nextReply();
    await station.comeBack();
    expect((await answered).attributes['Filter-Id']).toBe('quarantine');
    await forgotten;
    const dropped = station.at.next(/No matching RADIUS request found/);
    deliver();
    await dropped;
    expect(await station.at.stateOf(station.mac)).toBe('closed');
    await site.job(station.device, ended);
    expect((await site.jobsOf(station.device)).filter(proven)).toEqual([]);

    expect(await comesBack(station)).toBe('quarantine');
    expect(await site.notEnforced(station.device)).toEqual([]);
  });
});
