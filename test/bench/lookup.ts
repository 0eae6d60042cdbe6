// What a lookup costs, beside functions that do nothing or one point read, in the same runner with the same TLS.

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { deviceRow, identityRow } from '../../shared/adapters/table-storage/row-keys.ts';
import { type Latency, measure, median } from './latency.ts';
import { benchFreeRadius } from './lookup-freeradius.ts';
import { countReads } from './lookup-reads.ts';
import { type LookupSite, lookupBody, lookupSite, macOf } from './lookup-site.ts';

/** Both sides get quicker for about ten rounds, until everything is compiled. */
const ROUNDS = 15;
const WARM_REQUESTS = 1500;
const AT_ONCE = 16;
const STATIONS = 50;
const COLD_REQUESTS = 75;
const COLD_ROUNDS = 6;

export async function benchLookup(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { devices: { type: 'string', default: '300000' } } });
  const devices = Number(values.devices);
  if (!Number.isInteger(devices) || devices < 2000 || devices > 1_000_000) {
    throw new RangeError('--devices must be a whole number from 2000 to 1000000');
  }
  await using site = await lookupSite();
  await site.grow(1000);
  await warm(site);
  await cold(site);
  if (existsSync('/usr/sbin/freeradius')) await benchFreeRadius(site, print);
  else print('freeradius: not installed, left out');
  await countReads(site, devices, print);
}

/** The same stations ask again: no write, one point read. */
async function warm({ connector, yardstick }: LookupSite): Promise<void> {
  const ours = (index: number): Promise<void> => connector.post('/api/lookup', lookupBody(index % STATIONS));
  const theirs = (index: number): Promise<void> => yardstick.post('/api/lookup', lookupBody(index % STATIONS));
  for (const ask of [ours, theirs]) await measure(WARM_REQUESTS, AT_ONCE, ask);
  const rounds: { readonly ours: Latency; readonly theirs: Latency }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({
      ours: await measure(WARM_REQUESTS, AT_ONCE, ours),
      theirs: await measure(WARM_REQUESTS, AT_ONCE, theirs),
    });
  }
  const rate = median(rounds.map((round) => round.ours.perSecond / round.theirs.perSecond));
  const p99 = median(rounds.map((round) => round.ours.p99Ms / round.theirs.p99Ms));
  const [first] = rounds;
  print(
    `warm: lookup / one point read = ${rate.toFixed(2)} of its rate (wanted: at least 0.80), p99 ${p99.toFixed(2)} times (wanted: at most 2.00)`,
  );
  print(
    `      median of ${ROUNDS} rounds, ${AT_ONCE} at once; first round ${first?.ours.perSecond.toFixed(0)} against ${first?.theirs.perSecond.toFixed(0)} per second`,
  );
}

/**
 * Stations that never asked, one after the other: pointer, device, session, and a look whether the device moved. Beside
 * it the least that reads and one write of one small row can take, since an answer may not go out before its session is
 * written.
 */
async function cold({ connector, yardstick, tables }: LookupSite): Promise<void> {
  const rowsOf = (index: number) => ({
    pointer: identityRow({ kind: 'mac', value: macOf(index) }),
    device: deviceRow({ source: 'intune', id: `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}` }),
  });
  const body = lookupBody(0);
  const empty = (): Promise<void> => yardstick.post('/api/empty', body);
  const reads = async (index: number): Promise<void> => {
    const { pointer, device } = rowsOf(index);
    await tables.identities.getEntity(pointer.partitionKey, pointer.rowKey);
    await tables.devices.getEntity(device.partitionKey, device.rowKey);
  };
  const oneRow = async (index: number): Promise<void> => {
    await tables.sessions.upsertEntity({ partitionKey: 'bench', rowKey: `${index}`, text: 'x' }, 'Replace');
  };
  const session = async (index: number): Promise<void> => {
    const { device } = rowsOf(index);
    await tables.sessions.submitTransaction([
      ['upsert', { partitionKey: 'bench', rowKey: String(index), text: 'x'.repeat(1500) }, 'Merge'],
      ['upsert', { partitionKey: 'bench', rowKey: `${index} leads here`, sessionId: String(index) }, 'Replace'],
    ]);
    await tables.devices.getEntity(device.partitionKey, device.rowKey);
  };
  const p50 = async (ask: (index: number) => Promise<void>): Promise<number> =>
    (await measure(COLD_REQUESTS, 1, ask)).p50Ms;
  const lookup = (round: number) => (index: number) =>
    connector.post('/api/lookup', lookupBody(STATIONS + round * COLD_REQUESTS + index));
  for (const warmUp of [empty, reads, oneRow, session, lookup(0)]) await p50(warmUp);

  const rounds: { lookup: number; bare: number; oneRow: number; session: number }[] = [];
  for (let round = 1; round <= COLD_ROUNDS; round++) {
    const bare = (await p50(empty)) + (await p50(reads));
    rounds.push({ bare, lookup: await p50(lookup(round)), oneRow: await p50(oneRow), session: await p50(session) });
  }
  const again = await p50(lookup(COLD_ROUNDS));

  const middle = (of: (round: (typeof rounds)[number]) => number): string => median(rounds.map(of)).toFixed(2);
  print(
    `cold: p50 of a first lookup / (empty function + bare reads) = ${middle((p) => p.lookup / p.bare)} (wanted: at most 1.30; median of ${COLD_ROUNDS} rounds)`,
  );
  print(
    `      the least there can be, with the one write before the answer: (empty function + bare reads + a write of one small row) / (empty function + bare reads) = ${middle((p) => (p.bare + p.oneRow) / p.bare)}`,
  );
  print(
    `      p50 of a first lookup / (empty function + bare reads + the session's transaction and second look) = ${middle((p) => p.lookup / (p.bare + p.session))}`,
  );
  print(
    `      p50 in ms: lookup ${middle((p) => p.lookup)}, empty function and reads ${middle((p) => p.bare)}, one small row ${middle((p) => p.oneRow)}, transaction and second look ${middle((p) => p.session)}; asked again ${again.toFixed(2)}`,
  );
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
