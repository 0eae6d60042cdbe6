// Overrides where something is off: clocks, a store that gives no list, two that contradict each other, operators that
// make too many.

import { describe, expect, test } from 'vitest';
import { MOST_OF_SITE, MOST_OVERRIDES, PLACES_OF_ADMINISTRATORS } from '../../../shared/domain/policy/override.ts';
import { aDevice } from '../../support/a-device.ts';
import { overriddenSite, storeDevices } from '../../support/overridden-site.ts';

const MAC = 'a0b1c2d3e401';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const DENIED = { verdict: 'deny' };
const NORMAL = { verdict: 'permit', role: 'compliant', vlan: '10' };

describe('an instance whose clock is off', () => {
  test('ends what an operator ended once it reads that, whatever its clock says', async () => {
    const site = await overriddenSite();
    const other = { mac: 'a0b1c2d3e402' };
    const { id } = await site.override({ ...other, role: 'compliant' });
    site.behind.milliseconds = 5 * MINUTE;
    expect((await site.ask(other)).decision.rule).toBe('override/let-on');
    await site.background.endOverride(site.key('admin'), id);
    await site.time.runUntil(site.time.now + 10 * SECOND);
    expect((await site.ask(other)).decision.rule).not.toBe('override/let-on');
  });

  test('blocks at once what was blocked by a clock that is ahead', async () => {
    const site = await overriddenSite();
    site.behind.milliseconds = 5 * MINUTE;
    await site.override({ mac: MAC, block: true });
    expect((await site.ask()).decision.rule).toBe('override/block');
  });
});

describe('an instance that cannot read the list', () => {
  test('has its answers looked at by those that can, and permits for minutes at most', async () => {
    const site = await overriddenSite();
    await site.ask({ mac: 'a0b1c2d3e402' });
    site.store.fails = 'policies.listEntities';
    await site.override({ mac: MAC, block: true });
    await site.pass(MINUTE);
    expect(await site.jobs()).toEqual([]);
    // Its sessions were compared before this one was there.
    const { decision, sessionTimeoutSeconds } = await site.ask();
    expect(decision.outcome).toMatchObject(NORMAL);
    expect(sessionTimeoutSeconds).toBeLessThanOrEqual(300);
    await site.pass(10 * SECOND);
    expect(await site.jobs()).toMatchObject([{ wanted: DENIED, reason: expect.stringContaining('override/block') }]);
    site.store.fails = 'nothing';
    await site.pass(10 * SECOND);
    expect((await site.ask()).decision.outcome).toEqual(DENIED);
  });
});

describe('two overrides that contradict each other', () => {
  test('block the device of a blocked user, though it is let on, and let it on once the block is over', async () => {
    const site = await overriddenSite();
    const device = 'd0d0d0d0-0000-4000-8000-000000000004';
    await storeDevices(site.tables, [
      aDevice({ id: device, userPrincipalName: 'jane@contoso.com', serialNumber: 'SN4' }),
    ]);
    const question = {
      method: 'eap-tls',
      certificate: { sanUri: [`IntuneDeviceId://${device}`] },
      mac: 'a0b1c2d3e404',
    };
    const block = await site.override({ user: 'jane', block: true });
    await site.override({ device, role: 'quarantine' });
    expect((await site.ask(question)).decision.rule).toBe('override/block');
    await site.background.endOverride(site.key('admin'), block.id);
    await site.time.runUntil(site.time.now + 10 * SECOND);
    expect((await site.ask(question)).decision).toMatchObject({
      rule: 'override/let-on',
      outcome: { role: 'quarantine' },
    });
  });

  test('of an operator of one site and of another: each holds at its own', async () => {
    const site = await overriddenSite();
    await site.override({ mac: MAC, block: true }, 'ops-branch');
    await site.override({ mac: MAC, role: 'quarantine' }, 'ops-hq');
    expect((await site.ask()).decision.rule).toBe('override/let-on');
    expect((await site.ask({}, { client: 'radius-branch' })).decision.rule).toBe('override/block');
  });
});

describe('until Monday', () => {
  test.each([
    ['2026-12-07T08:00:00Z', '2026-12-07T08:00:00.000Z'],
    ['7d', '2026-12-07T08:00:00.000Z'],
  ])('%s is a moment in UTC, also where clocks change meanwhile', async (until, moment) => {
    const site = await overriddenSite();
    expect(await site.override({ mac: MAC, role: 'quarantine', until })).toMatchObject({ until: moment });
  });

  test.each([
    '2026-12-07T08:00:00.001Z',
    '2026-12-07T08:00:00+01:00',
    '2026-12-07',
    'Monday',
    '7d 1s',
    '-1d',
    '8d',
    '169h',
  ])('%s is refused for a role', async (until) => {
    const site = await overriddenSite();
    const work = site.override({ mac: MAC, role: 'quarantine', until });
    await expect(work).rejects.toMatchObject({ code: 'NAC_REQUEST_FIELD', field: 'until' });
  });
});

describe('room for overrides', () => {
  const macs = (count: number, from = 0xa0b1c2000000) =>
    Array.from({ length: count }, (_, n) => (from + n).toString(16));

  test('of one site ends at its share, however many send at once; others have theirs', async () => {
    const site = await overriddenSite();
    const results: PromiseSettledResult<unknown>[] = [];
    const wanted = macs(MOST_OF_SITE + 10);
    for (let start = 0; start < wanted.length; start += 6) {
      const some = wanted.slice(start, start + 6).map((mac) => site.override({ mac, block: true }, 'ops-hq'));
      results.push(...(await Promise.allSettled(some)));
    }
    const made = results.filter(({ status }) => status === 'fulfilled');
    expect(made).toHaveLength(MOST_OF_SITE);
    await expect(site.override({ mac: MAC, block: true }, 'ops-hq')).rejects.toMatchObject({
      code: 'NAC_OVERRIDES_SITE_FULL',
      status: 409,
      action: expect.stringContaining('administrator'),
    });
    const first = await site.override({ mac: MAC, block: true }, 'ops-branch');
    expect(first).toMatchObject({ created: true, site: 'branch' });
    const { overrides } = await site.background.overrides(site.key('ops-hq'));
    expect(overrides).toHaveLength(MOST_OF_SITE);
    await site.background.endOverride(site.key('ops-hq'), overrides[0]?.id ?? '');
    await site.time.runUntil(site.time.now + MINUTE);
    await expect(site.override({ mac: MAC, block: true }, 'ops-hq')).resolves.toMatchObject({ created: true });
  });

  test('is kept for administrators, though operators have used up all of theirs', async () => {
    const site = await overriddenSite();
    const operators = macs(MOST_OVERRIDES - PLACES_OF_ADMINISTRATORS);
    for (const mac of operators) await site.override({ mac, block: true }, 'ops-all');
    await expect(site.override({ mac: MAC, block: true }, 'ops-all')).rejects.toMatchObject({
      code: 'NAC_OVERRIDES_FULL',
    });
    await expect(site.override({ mac: MAC, block: true }, 'ops-hq')).rejects.toMatchObject({
      code: 'NAC_OVERRIDES_FULL',
    });
    await expect(site.override({ mac: MAC, block: true }, 'admin')).resolves.toMatchObject({ created: true });
  });
});
