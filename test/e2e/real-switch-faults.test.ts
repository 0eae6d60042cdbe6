// What goes wrong between the connector and real switch ports: Disconnect-Requests that are lost, a relay that is
// killed, and answers that come too late for FreeRADIUS. No port keeps an answer that policy no longer gives without
// being listed.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EnforcementJob } from '../../shared/domain/coa/enforcement-job.ts';
import { type PluggedStation, RealSwitchSite } from '../support/real-switch/real-switch-site.ts';

const SHORT_PERMIT = '1m';
/** A permit's time, its spread and a conversation. */
const REAUTHENTICATED_WITHIN_MS = 80_000;

let site: RealSwitchSite;
let unheard: PluggedStation;
let unheardOf: ReturnType<typeof seenWhileUnheard>;
let reauthenticated: Promise<string>;

beforeAll(async () => {
  site = await RealSwitchSite.start({
    switches: { deaf: { deaf: true, interimSeconds: 2 }, two: {}, last: { interimSeconds: 2 } },
    devices: ['UNHEARD', 'TWO-RELAYS', 'OLD-ANSWER'],
    radius: { failMode: 'last' },
    stack: { standbyRelay: true, env: { COMPLIANT_SESSION_TIMEOUT: SHORT_PERMIT } },
  });
  // Its minute passes while the other tests run.
  unheard = await site.plugIn('UNHEARD', 'deaf');
  reauthenticated = unheard.at.next(/CTRL-EVENT-EAP-SUCCESS2/, REAUTHENTICATED_WITHIN_MS);
  site.turn(unheard.device, 'noncompliant');
  unheardOf = seenWhileUnheard(unheard);
  unheardOf.catch(() => undefined);
});

afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
});

/** What the switch was given last. */
function roleOf({ at }: PluggedStation): string | undefined {
  return at.wire.replies.at(-1)?.attributes['Filter-Id'];
}

/** What there is to be seen when the first attempt has found no answer. */
async function seenWhileUnheard({ at, mac, device }: PluggedStation) {
  const job = await site.job(device, ({ stage, hint }) => stage === 'no-answer' && hint !== undefined, 60_000);
  return { job, port: await at.stateOf(mac), listed: await site.notEnforced(device) };
}

const proven = ({ stage }: EnforcementJob): boolean => stage === 'proven';
/**
 * hostapd says Stop within milliseconds of its ACK; a station that is quicker than the spool has the answer already.
 */
const done = (job: EnforcementJob): boolean => job.stage === 'ended' || proven(job);

describe('of two relays', () => {
  test('the working one is killed, and the other closes the port', { timeout: 120_000 }, async () => {
    const active = site.lines.all.findLast((line) => line.includes('"relay.active"')) ?? '{}';
    const standsBy = site.next(({ event }) => event === 'relay.active');
    const station = await site.plugIn('TWO-RELAYS', 'two');
    await site.stack.kill(JSON.parse(active).relay === 'local-relay' ? 'relay' : 'standby');
    const [closed, forgotten] = [station.at.closes(station.mac, 60_000), station.at.forgets(station.mac, 65_000)];
    site.turn(station.device, 'noncompliant');
    await closed;
    await standsBy;
    expect(await station.at.stateOf(station.mac)).toBe('closed');
    await forgotten;
    const opened = station.at.opens(station.mac);
    await station.comeBack();
    await opened;
    expect(roleOf(station)).toBe('quarantine');
    await site.job(station.device, done);
  });
});

describe('an answer that comes too late for FreeRADIUS, which repeats the one before', () => {
  test('the job is not proven and goes out again, until the switch has the new answer', {
    timeout: 120_000,
  }, async () => {
    const station = await site.plugIn('OLD-ANSWER', 'last');
    const [closed, forgotten] = [station.at.closes(station.mac), station.at.forgets(station.mac)];
    site.turn(station.device, 'noncompliant');
    await closed;
    await forgotten;

    const release = site.gateway.holdAnswers();
    const opened = station.at.opens(station.mac);
    await station.comeBack();
    await opened;
    release();
    expect(roleOf(station)).toBe('compliant');

    // The switch says so, and the port closes again.
    const [closedAgain, forgottenAgain] = [station.at.closes(station.mac), station.at.forgets(station.mac)];
    await closedAgain;
    expect((await site.jobsOf(station.device)).filter(proven)).toEqual([]);
    await forgottenAgain;

    const openedAgain = station.at.opens(station.mac);
    await station.comeBack();
    await openedAgain;
    expect(roleOf(station)).toBe('quarantine');
    // All live sessions have been compared with policy by then, and the answer that the switch has is left alone.
    await site.pollAfter(4_000);
    expect(await station.at.stateOf(station.mac)).toBe('open');
    expect(await site.notEnforced(station.device)).toEqual([]);
    expect(await site.jobsOf(station.device)).toHaveLength(2);
  });
});

describe('a Disconnect-Request that the switch cannot verify', () => {
  test('is listed with the secret as its cause, and Session-Timeout brings the new answer', {
    timeout: 120_000,
  }, async () => {
    const { at, mac, device } = unheard;
    const { job, port, listed } = await unheardOf;
    expect(job.hint).toContain('secret');
    expect(port).toBe('open');
    expect(listed.map(({ id }) => id)).toEqual([job.id]);

    await reauthenticated;
    expect(roleOf(unheard)).toBe('quarantine');
    expect(await at.stateOf(mac)).toBe('open');
    await site.job(device, proven);
    expect(await site.notEnforced(device)).toEqual([]);
  });
});
