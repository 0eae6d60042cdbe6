// The fleet index near its limit, and beyond it: it is said in time, and no device is lost without a word.

import { expect, test } from 'vitest';
import { TableSweepStore } from '../../../../shared/adapters/table-storage/table-sweep-store.ts';
import { deviceHash } from '../../../../shared/domain/device/device.ts';
import { readPollOverview } from '../../../../shared/polling/poll-status.ts';
import { LARGEST_FLEET_SHARD_BYTES } from '../../../../shared/ports/sweep-store.ts';
import { aDeviceOfFleet } from '../../../support/a-device.ts';
import { type SweepTables, sweepTables } from '../../../support/sweep-tables.ts';

const HEADER = [0x4e, 0x41, 0x43, 0x01];
const ENTRY = 16;
const ROOM = Math.floor((LARGEST_FLEET_SHARD_BYTES - HEADER.length) / ENTRY);
/** The header and so many entries are 80 % of a shard. */
const NEARLY = Math.ceil((0.8 * LARGEST_FLEET_SHARD_BYTES - HEADER.length) / ENTRY);
const FULL = 'a';

/** One shard with so many devices that this run, about to begin, has met, as far as the index says. */
async function withEntries({ slow }: SweepTables, count: number, runNumber: number): Promise<void> {
  const bytes = Buffer.alloc(HEADER.length + count * ENTRY);
  bytes.set(HEADER);
  for (let index = 0; index < count; index++) {
    const at = HEADER.length + index * ENTRY;
    bytes.writeUInt32BE(0xa000_0000 + (Math.imul(index, 2_654_435_761) >>> 4), at);
    bytes.writeUInt32BE(Math.imul(index + 1, 2_246_822_519) >>> 0, at + 4);
    bytes.writeUInt16BE(runNumber, at + 14);
  }
  const store = new TableSweepStore(slow.atOnce.polling);
  await store.writeFleetShard(FULL, bytes, (await store.readFleetShard(FULL)).etag);
}

const devices = Array.from({ length: 200 }, (_, number) => aDeviceOfFleet(number));
const others = devices.filter((device) => deviceHash(device).charAt(0) !== FULL).slice(0, 5);
const ofFull = devices.filter((device) => deviceHash(device).charAt(0) === FULL).slice(0, 2);

const events = ({ log }: SweepTables, event: string) => log.filter((entry) => entry.event === event);

test.each([
  ['just below 80 % of the fullest shard', NEARLY - 1, 80, 0],
  ['at 80 %', NEARLY, 80, 1],
  ['with the last entry that it has room for', ROOM, 100, 1],
])('%s', async (_what, entries, percent, said) => {
  const run = sweepTables();
  await withEntries(run, entries, 1);
  run.tenant.devices = others;
  expect((await run.sweep()).kind).toBe('complete');
  const reported = events(run, 'poll.fleet-index-nearly-full').map(({ level, fields }) => ({ level, ...fields }));
  const room = { devices: entries + others.length, percent };
  expect(reported).toEqual(Array.from({ length: said }, () => ({ level: 'error', ...room })));
  const state = { name: 'intune', ...run.depsOf(run.slow.atOnce) };
  expect((await readPollOverview([state])).fleetIndex).toEqual(room);
});

test('one device beyond it fails each sweep with a code, is stored, and what changes between sweeps is found', async () => {
  const run = sweepTables({ changedDevicesIntervalMs: 60_000 });
  run.tenant.devices = others;
  expect((await run.sweep()).kind).toBe('complete');
  await withEntries(run, ROOM, 2);
  run.tenant.devices = [...others, ...ofFull];
  run.tenant.checkedIn = () => ofFull.map((device) => ({ ...device, complianceState: 'noncompliant' }));
  const result = await run.sweep();
  expect(result).toMatchObject({ kind: 'failed', error: { code: 'NAC_POLL_INDEX_FULL' } });
  expect(events(run, 'poll.index-full')).toMatchObject([
    { level: 'error', fields: { code: 'NAC_POLL_INDEX_FULL', action: expect.stringContaining('another deployment') } },
  ]);
  expect(await run.present(), 'answers rest on records').toBe(others.length + ofFull.length);
  expect(run.lookedAt.length, 'between sweeps devices are looked at all the same').toBeGreaterThan(0);
});
