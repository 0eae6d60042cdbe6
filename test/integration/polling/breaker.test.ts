// Too much changing at once is held, against the simulated tenant, the store in memory: nothing enforced, answers as
// before, reported to operators, and let through by a person, by the source, or (absences only) by a second complete
// list.

import { describe, expect, test } from 'vitest';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';
import {
  compliantDevices,
  HOUR_MS,
  heldMarks,
  operatorKey,
  setState,
  storedDevices,
  sweepAgain,
  tick,
} from '../../support/hold-scenario.ts';
import { storeContents } from '../../support/store-contents.ts';

const REASON = 'seen with the Intune team';
/** As small as it can be with a threshold of five devices: each is some requests. */
const FLEET = { fleetSize: 48, pageSize: 12 };
const THRESHOLD = { MASS_CHANGE_DEVICES: '5' };
const MANY = 9;
const MORE = 7;
/** Large enough for the threshold of fifty that is the default. */
const LARGE_FLEET = { fleetSize: 200, pageSize: 40 };
const POLICY = `roles:
  staff: { vlan: 10, sessionTimeout: 8h }
  quarantine: { vlan: 666, sessionTimeout: 30m }
rules:
  - name: permitted
    when: { compliance: STATES }
    permit: staff
  - name: everyone-else
    permit: quarantine
`;

/** A fleet that was swept once, and whose first changes are forgotten. */
async function startSwept(tenant = FLEET, env: Record<string, string> = THRESHOLD): Promise<ConnectorFixture> {
  const nac = await startConnector({ store: 'memory', tenant, env });
  await nac.app.poll(120_000);
  nac.changes.length = 0;
  return nac;
}

function policyThatPermits(states: string): string {
  return POLICY.replace('STATES', states);
}

async function heldRun(nac: ConnectorFixture, key: string): Promise<string> {
  const { held } = await nac.app.pollStatus(key);
  expect(held).toHaveLength(1);
  return String(held[0]?.runId);
}

describe('a sweep that would turn a tenth of the fleet or more', () => {
  test('turns no device: rows keep state and version, with what was seen held beside them, and operators are alerted', async () => {
    await using nac = await startSwept();
    const names = compliantDevices(nac, MANY);
    setState(nac, names, 'noncompliant');

    expect(await sweepAgain(nac)).toBe('complete');

    expect(nac.changes).toEqual([]);
    const [run] = await nac.sweeps.listRuns(1);
    expect(run).toMatchObject({ turned: 0, held: MANY });
    for (const record of await storedDevices(nac, names)) {
      expect(record).toMatchObject({
        version: 1,
        device: { complianceState: 'compliant' },
        held: { runId: run?.id, device: { complianceState: 'noncompliant' } },
      });
      expect(record.confirmedUntil, 'answers count their age from the sweep before').toBeDefined();
    }
    const reported = nac.log.filter(({ event }) => event === 'poll.breaker-tripped');
    expect(reported).toMatchObject([{ level: 'error', fields: { run: run?.id, flips: MANY, absences: 0, known: 48 } }]);
    expect((await storeContents(nac.tables)).pendingChanges).toEqual([]);
  });

  test('holds the other direction as well: a fleet does not become compliant at once', async () => {
    await using nac = await startSwept();
    const key = await operatorKey(nac);
    const names = compliantDevices(nac, MANY);
    setState(nac, names, 'noncompliant');
    await sweepAgain(nac);
    await nac.app.releaseHeld(key, JSON.stringify({ runId: await heldRun(nac, key), reason: REASON }));
    await tick(nac);
    expect(nac.changes).toHaveLength(MANY);
    nac.changes.length = 0;
    setState(nac, names, 'compliant');

    await sweepAgain(nac);
    expect(nac.changes).toEqual([]);
    expect(await heldMarks(nac)).toHaveLength(MANY);
  });

  test('still saves what turns no device: new devices, other names, states that count the same', async () => {
    await using nac = await startSwept();
    const [renamed = '', inGrace = '', ...others] = compliantDevices(nac, MANY + 2);
    setState(nac, others, 'error');
    setState(nac, [inGrace], 'inGracePeriod');
    const { id } = nac.tenant.fleet.patch(renamed, { osVersion: '99.1' });
    const added = nac.tenant.fleet.add({ id: '0f8fad5b-d9cb-469f-a165-70867728950e', deviceName: 'NEW' });

    await sweepAgain(nac);
    expect(nac.changes.map(({ fields }) => fields)).toContainEqual(['osVersion']);
    // The newcomer, too: a station may have been answered without it.
    const changed = [id, nac.tenant.fleet.get(inGrace).id, added.id];
    expect(nac.changes.map((change) => change.id).sort()).toEqual(changed.sort());
    expect(await nac.devices.read({ source: 'intune', id: added.id })).toMatchObject({ presence: 'present' });
  });

  test('goes on holding, sweep after sweep, until the source takes it back', async () => {
    await using nac = await startSwept();
    const names = compliantDevices(nac, MANY);
    setState(nac, names, 'noncompliant');
    for (let sweep = 0; sweep < 3; sweep++) await sweepAgain(nac);
    expect(nac.changes).toEqual([]);
    expect(await heldMarks(nac)).toHaveLength(MANY);

    setState(nac, names, 'compliant');
    await sweepAgain(nac);

    expect(nac.changes).toEqual([]);
    expect(await heldMarks(nac)).toEqual([]);
    for (const record of await storedDevices(nac, names)) {
      expect(record.device.complianceState).toBe('compliant');
      expect(record).not.toHaveProperty('held');
      expect(record).not.toHaveProperty('confirmedUntil');
    }
    expect((await nac.app.pollStatus(await operatorKey(nac))).held).toEqual([]);
  });

  test('applies what is left once it is no mass change any more', async () => {
    await using nac = await startSwept();
    const names = compliantDevices(nac, MANY);
    setState(nac, names, 'noncompliant');
    await sweepAgain(nac);
    setState(nac, names.slice(3), 'compliant');

    await sweepAgain(nac);

    const left = await storedDevices(nac, names.slice(0, 3));
    expect(nac.changes.map(({ id }) => id).sort()).toEqual(left.map(({ device }) => device.id).sort());
    expect(left.map(({ device }) => device.complianceState)).toEqual(['noncompliant', 'noncompliant', 'noncompliant']);
    expect(await heldMarks(nac)).toEqual([]);
  });

  test('costs no row that is held another write while nothing moves', async () => {
    await using nac = await startSwept();
    setState(nac, compliantDevices(nac, MANY), 'noncompliant');
    await sweepAgain(nac);
    nac.storage.requests.length = 0;

    await sweepAgain(nac);
    expect(nac.storage.requests.filter(({ table, writes }) => table === 'devices' && writes > 0)).toEqual([]);
  });
});

test.each([
  ['fewer than fifty devices, whatever their share', 49, {}],
  ['less than the share, however many', 60, { MASS_CHANGE_PERCENT: '40' }],
])('%s turn at once', async (_, count, env) => {
  await using nac = await startSwept(LARGE_FLEET, env);
  setState(nac, compliantDevices(nac, count), 'noncompliant');

  await sweepAgain(nac);
  expect(nac.changes).toHaveLength(count);
  expect(await heldMarks(nac)).toEqual([]);
});

test('fifty devices that are a tenth of the fleet do not turn at once', async () => {
  await using nac = await startSwept(LARGE_FLEET, {});
  setState(nac, compliantDevices(nac, 50), 'noncompliant');

  await sweepAgain(nac);
  expect(nac.changes).toEqual([]);
  expect(await heldMarks(nac)).toHaveLength(50);
});

describe('what turns is what the policy in force would answer differently', () => {
  test.each([
    ['compliant', 'inGracePeriod', MANY],
    ['[compliant, inGracePeriod]', 'inGracePeriod', 0],
    ['[compliant, error]', 'error', 0],
  ])('where %s is permitted, and devices become %s: %i held', async (states, becoming, held) => {
    await using nac = await startSwept();
    const operator = await nac.app.policies(await operatorKey(nac));
    await operator.upload('breaker-1', policyThatPermits(states));
    await operator.activate('breaker-1');
    await sweepAgain(nac);
    nac.changes.length = 0;
    setState(nac, compliantDevices(nac, MANY), becoming);
    await sweepAgain(nac);
    expect(await heldMarks(nac)).toHaveLength(held);
    expect(nac.changes).toHaveLength(MANY - held);
  });
});

describe('a run worked in slices', () => {
  async function slicesOf(nac: ConnectorFixture, afterEach: () => Promise<void>): Promise<void> {
    nac.clock.advance(HOUR_MS);
    for (;;) {
      const { kind } = await nac.app.poll(0);
      if (kind !== 'sliced') return expect(kind).toBe('complete');
      await afterEach();
    }
  }

  test('hands on no turn before its last page, then all of them', async () => {
    await using nac = await startSwept();
    const names = compliantDevices(nac, 4);
    setState(nac, names, 'noncompliant');

    await slicesOf(nac, async () => expect(nac.changes).toEqual([]));
    expect(nac.changes).toHaveLength(4);
    const records = await storedDevices(nac, names);
    expect(records.every(({ device, version }) => device.complianceState === 'noncompliant' && version === 2)).toBe(
      true,
    );
    await sweepAgain(nac);
    expect((await storeContents(nac.tables)).pendingChanges).toEqual([]);
    expect(await Array.fromAsync(nac.devices.marks())).toEqual([]);
  });

  test('counts over all its slices', async () => {
    await using nac = await startSwept();
    setState(nac, compliantDevices(nac, MANY), 'noncompliant');

    await slicesOf(nac, async () => {});
    expect(nac.changes).toEqual([]);
    expect(await heldMarks(nac)).toHaveLength(MANY);
  });

  test('drops a turn that is taken back before the run ends', async () => {
    await using nac = await startSwept();
    const [turning = ''] = compliantDevices(nac, 1);
    setState(nac, [turning], 'noncompliant');
    nac.clock.advance(HOUR_MS);
    await nac.app.poll(0);
    await nac.app.poll(0);
    // The list begins again after three failures on one page; by then the device is compliant.
    setState(nac, [turning], 'compliant');
    for (let failure = 0; failure < 3; failure++) {
      nac.tenant.script({ target: 'page', status: 504, body: '' });
      nac.clock.advance(400_000);
      await nac.app.poll(120_000);
    }
    nac.clock.advance(400_000);
    expect((await nac.app.poll(120_000)).kind).toBe('complete');
    expect(nac.changes).toEqual([]);
    expect(await heldMarks(nac)).toEqual([]);
  });
});

describe('a sweep that misses a tenth of the fleet or more', () => {
  const goneOf = ({ changes }: ConnectorFixture) => changes.filter(({ after }) => after.presence === 'gone').length;

  test('concludes nothing when a point read finds one of them: the list was short', async () => {
    await using nac = await startSwept(LARGE_FLEET, {});
    const half = nac.tenant.fleet.list({ limit: 100 }).value;
    for (let sweep = 0; sweep < 3; sweep++) {
      nac.tenant.script({ target: 'page', body: JSON.stringify({ value: half }) });
      expect(await sweepAgain(nac)).toBe('partial');
    }
    expect(goneOf(nac)).toBe(0);
    expect((await storeContents(nac.tables)).devices.every(({ inDoubt }) => !inDoubt)).toBe(true);
    expect(nac.log.filter(({ event }) => event === 'poll.short-list')).toMatchObject([
      { level: 'error', fields: { missing: 100, asked: 40 } },
      {},
      {},
    ]);
  });

  test('holds the absences, however often a complete sweep repeats them', async () => {
    await using nac = await startSwept();
    const names = compliantDevices(nac, MANY);
    const ids = names.map((name) => String(nac.tenant.fleet.get(name).id));
    for (const name of names) nac.tenant.fleet.remove(name);

    await sweepAgain(nac);
    expect(goneOf(nac)).toBe(0);
    expect(nac.log.map(({ event }) => event)).toContain('poll.many-missing');
    for (let sweep = 0; sweep < 5; sweep++) await sweepAgain(nac);
    expect(goneOf(nac)).toBe(0);
    expect(nac.log.filter(({ event }) => event === 'poll.breaker-tripped')).toHaveLength(5);
    const records = await nac.devices.readMany(ids.map((id) => ({ source: 'intune', id })));
    for (const record of records.values()) {
      expect(record).toMatchObject({ presence: 'present', version: 1, held: { observedAt: expect.any(String) } });
      expect(record.held).not.toHaveProperty('device');
    }
  });

  test('empties no fleet by an empty list and point reads that say 404, large or small', async () => {
    for (const fleetSize of [48, 12]) {
      await using nac = await startSwept({ ...FLEET, fleetSize });
      for (const { id } of nac.tenant.fleet.list({ limit: fleetSize }).value) nac.tenant.fleet.remove(id);
      for (let sweep = 0; sweep < 6; sweep++) await sweepAgain(nac);
      expect(goneOf(nac)).toBe(0);
      expect((await nac.app.pollStatus(await operatorKey(nac))).held).toMatchObject([{ absences: fleetSize }]);
    }
  });

  test('is let through by a person', async () => {
    await using nac = await startSwept();
    const key = await operatorKey(nac);
    for (const name of compliantDevices(nac, MANY)) nac.tenant.fleet.remove(name);
    await sweepAgain(nac);
    await sweepAgain(nac);
    const runId = await heldRun(nac, key);

    await nac.app.releaseHeld(key, JSON.stringify({ runId, reason: REASON }));
    await tick(nac);
    expect(goneOf(nac)).toBe(MANY);
    // Those gone already do not count as another mass absence.
    await sweepAgain(nac);
    expect(goneOf(nac)).toBe(MANY);
    expect((await nac.app.pollStatus(key)).held).toEqual([]);
  });

  test('forgets the absences when the devices are listed again', async () => {
    await using nac = await startSwept();
    const devices = compliantDevices(nac, MANY).map((name) => nac.tenant.fleet.get(name));
    for (const { id } of devices) nac.tenant.fleet.remove(id);
    await sweepAgain(nac);
    await sweepAgain(nac);
    expect(await heldMarks(nac)).toHaveLength(MANY);
    for (const device of devices) nac.tenant.fleet.add(device);

    await sweepAgain(nac);
    expect(goneOf(nac)).toBe(0);
    expect(await heldMarks(nac)).toEqual([]);
  });
});

describe('a person’s refusal', () => {
  test('keeps the last verdicts without another alarm, until other devices are held', async () => {
    await using nac = await startSwept();
    const key = await operatorKey(nac);
    const names = compliantDevices(nac, MANY);
    const removed = names.map((name) => nac.tenant.fleet.get(name));
    for (const name of names) nac.tenant.fleet.remove(name);
    await sweepAgain(nac);
    await sweepAgain(nac);
    const runId = await heldRun(nac, key);
    const alarms = () => nac.log.filter(({ event }) => event === 'poll.breaker-tripped').length;
    const before = alarms();

    const refused = await nac.app.refuseHeld(key, JSON.stringify({ runId, reason: REASON }));
    expect(refused).toMatchObject({ runId, absences: MANY, refused: { by: 'operator-1', reason: REASON } });
    expect(nac.log.filter(({ event }) => event === 'poll.refused')).toMatchObject([
      { fields: { run: runId, by: 'operator-1', reason: REASON } },
    ]);
    for (let sweep = 0; sweep < 3; sweep++) await sweepAgain(nac);
    expect(nac.changes).toEqual([]);
    expect(alarms()).toBe(before);
    expect((await nac.app.pollStatus(key)).held).toMatchObject([{ runId, refused: { reason: REASON } }]);

    nac.tenant.fleet.add(removed[0] as never);
    await sweepAgain(nac);
    expect(alarms(), 'the set of held devices is another one').toBe(before + 1);
    expect((await nac.app.pollStatus(key)).held[0]).not.toHaveProperty('refused');
    expect(nac.changes).toEqual([]);
  });

  test('can be taken back by a release, and a release not by a refusal', async () => {
    await using nac = await startSwept();
    const key = await operatorKey(nac);
    setState(nac, compliantDevices(nac, MANY), 'noncompliant');
    await sweepAgain(nac);
    const runId = await heldRun(nac, key);
    const body = JSON.stringify({ runId, reason: REASON });
    await nac.app.refuseHeld(key, body);
    const released = await nac.app.releaseHeld(key, body);
    expect(released).not.toHaveProperty('refused');
    await expect(nac.app.refuseHeld(key, body)).rejects.toMatchObject({ code: 'NAC_POLL_RUN_UNKNOWN' });
    await tick(nac);
    expect(nac.changes).toHaveLength(MANY);
  });

  test.each([
    ['without a reason', '{"runId":"a"}', 'NAC_REQUEST_FIELD'],
    ['with an empty reason', '{"runId":"a","reason":"  "}', 'NAC_REQUEST_FIELD'],
    ['with a reason of two lines', '{"runId":"a","reason":"x\\ny"}', 'NAC_REQUEST_FIELD'],
    ['with a long reason', JSON.stringify({ runId: 'a', reason: 'x'.repeat(501) }), 'NAC_REQUEST_FIELD'],
    ['of more than 4,096 characters, before it is parsed', '['.repeat(4097), 'NAC_REQUEST_TOO_LARGE'],
  ])('%s comes to nothing, as a release does', async (_, body, code) => {
    await using nac = await startConnector();
    const key = await operatorKey(nac);
    await expect(nac.app.refuseHeld(key, body)).rejects.toMatchObject({ code });
    await expect(nac.app.releaseHeld(key, body)).rejects.toMatchObject({ code });
    await expect(nac.app.refuseHeld(nac.apiKey, body)).rejects.toMatchObject({ status: 401 });
  });
});

describe('a person’s release', () => {
  test('lets through what the named run held, with the next tick', async () => {
    await using nac = await startSwept();
    const key = await operatorKey(nac);
    const names = compliantDevices(nac, MANY);
    setState(nac, names, 'noncompliant');
    await sweepAgain(nac);

    const runId = await heldRun(nac, key);
    const released = await nac.app.releaseHeld(key, JSON.stringify({ runId, reason: REASON }));
    expect(released).toMatchObject({ runId, flips: MANY, released: { by: 'operator-1' } });
    expect(nac.changes).toEqual([]);
    expect(await tick(nac)).toBe('idle');

    expect(nac.changes).toHaveLength(MANY);
    expect(nac.changes[0]).toMatchObject({ version: 2, after: { complianceState: 'noncompliant' } });
    expect((await nac.app.pollStatus(key)).held).toEqual([]);
    await sweepAgain(nac);
    expect(nac.changes).toHaveLength(MANY);
    expect(await heldMarks(nac)).toEqual([]);
  });

  test('does not let through what joined later, under another run’s name', async () => {
    await using nac = await startSwept();
    const key = await operatorKey(nac);
    const names = compliantDevices(nac, MANY + MORE);
    setState(nac, names.slice(0, MANY), 'noncompliant');
    await sweepAgain(nac);
    const runId = await heldRun(nac, key);
    setState(nac, names.slice(MANY), 'noncompliant');
    await sweepAgain(nac);

    const later = (await nac.app.pollStatus(key)).held;
    expect(later.map(({ flips }) => flips)).toEqual([MANY, MORE]);
    await nac.app.releaseHeld(key, JSON.stringify({ runId, reason: REASON }));
    await tick(nac);
    expect(nac.changes).toHaveLength(MANY);
    await sweepAgain(nac);
    expect(nac.changes, 'as many are a mass change of their own').toHaveLength(MANY);
    expect((await nac.app.pollStatus(key)).held).toMatchObject([{ flips: MORE }]);
  });

  test('of the newest run lets through all that was held before it', async () => {
    await using nac = await startSwept();
    const key = await operatorKey(nac);
    const names = compliantDevices(nac, MANY + MORE);
    setState(nac, names.slice(0, MANY), 'noncompliant');
    await sweepAgain(nac);
    setState(nac, names.slice(MANY), 'noncompliant');
    await sweepAgain(nac);
    const newest = (await nac.app.pollStatus(key)).held.at(-1)?.runId;

    await nac.app.releaseHeld(key, JSON.stringify({ runId: newest, reason: REASON }));
    await tick(nac);
    expect(nac.changes).toHaveLength(MANY + MORE);
    expect((await nac.app.pollStatus(key)).held).toEqual([]);
  });

  test('is refused without a run that holds something, without a run at all, and from a RADIUS proxy', async () => {
    await using nac = await startSwept();
    const key = await operatorKey(nac);
    await expect(nac.app.releaseHeld(key, '{"runId":"0123456789abcdef","reason":"x"}')).rejects.toMatchObject({
      status: 400,
      code: 'NAC_POLL_RUN_UNKNOWN',
    });
    await expect(nac.app.releaseHeld(key, '{}')).rejects.toMatchObject({
      code: 'NAC_REQUEST_FIELD',
      field: 'runId',
    });
    await expect(nac.app.releaseHeld(key, 'all')).rejects.toMatchObject({ code: 'NAC_REQUEST_NOT_JSON' });
    await expect(nac.app.releaseHeld(nac.apiKey, '{"runId":"a","reason":"x"}')).rejects.toMatchObject({ status: 401 });
    await expect(nac.app.pollStatus(nac.apiKey)).rejects.toMatchObject({ status: 401 });
  });
});
