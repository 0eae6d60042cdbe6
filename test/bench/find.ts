// What the one search box costs, for each thing that a person types, beside a function with one point read, in the same
// run. Exit code 1 where one of them takes more than is wanted.

import { parseArgs } from 'node:util';
import { deviceRow, identityRow } from '../../shared/adapters/table-storage/row-keys.ts';
import { measure, median } from './latency.ts';
import { deviceIdOf, deviceNameOf, type LookupSite, lookupBody, lookupSite, macOf } from './lookup-site.ts';

const ROUNDS = 9;
const REQUESTS = 120;
const WARM_UP = 600;
/** Stations that have a session, a decision each. */
const STATIONS = 2_000;
const WANTED = 3;

interface DecisionPage {
  readonly decisions: readonly { readonly id: string; readonly decision: { readonly id: string } }[];
}

/** What is typed for the n-th device. */
type Typed = (index: number) => string;

export async function benchFind(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { devices: { type: 'string', default: '100000' }, delay: { type: 'string', default: '4' } },
  });
  const storageDelayMs = Number(values.delay);
  const devices = Number(values.devices);
  if (!Number.isInteger(devices) || devices < STATIONS || devices > 1_000_000) {
    throw new RangeError(`--devices must be a whole number from ${STATIONS} to 1000000`);
  }
  await using site = await lookupSite({ storage: 'memory', named: true, storageDelayMs });
  await site.grow(devices);
  await measure(STATIONS, 16, (index) => site.connector.post('/api/lookup', lookupBody(index)));
  const bare = await pointReads(site, devices);
  const typed = await whatPeopleType(site);
  const ask = (text: Typed) => (index: number) => search(site, text((index * 7_919) % STATIONS));
  const read = (index: number): Promise<void> => site.yardstick.post('/api/lookup', lookupBody(index));
  for (const one of [read, ...Object.values(typed).map(ask)]) await measure(WARM_UP, 4, one);

  print(
    `find: p50 of one search after the other / p50 of a function with one point read, ${devices} devices, each answer of the Table service after ${storageDelayMs} ms`,
  );
  for (const [what, text] of Object.entries(typed)) {
    const rounds: { readonly found: number; readonly read: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({
        read: (await measure(REQUESTS, 1, read)).p50Ms,
        found: (await measure(REQUESTS, 1, ask(text))).p50Ms,
      });
    }
    const ratio = median(rounds.map((round) => round.found / round.read));
    const ms = (of: 'found' | 'read'): string => median(rounds.map((round) => round[of])).toFixed(2);
    print(
      `  ${what}: ${ratio.toFixed(2)} times (wanted: at most ${WANTED}), ${ms('found')} ms against ${ms('read')} ms`,
    );
    if (ratio > WANTED) process.exitCode = 1;
  }
  print(`  a point read alone, of a device and of a pointer: p50 ${bare.toFixed(2)} ms`);
}

async function search({ connector, readerKey }: LookupSite, q: string): Promise<void> {
  const status = await connector.sendAs(readerKey, 'POST', '/api/search', JSON.stringify({ q }));
  if (status !== 200) throw new Error(`a search was answered with ${status}`);
}

async function pointReads({ tables }: LookupSite, devices: number): Promise<number> {
  const read = async (index: number): Promise<void> => {
    const number = (index * 7_919) % devices;
    const pointer = identityRow({ kind: 'mac', value: macOf(number) });
    const device = deviceRow({ source: 'intune', id: deviceIdOf(number) });
    await tables.identities.getEntity(pointer.partitionKey, pointer.rowKey);
    await tables.devices.getEntity(device.partitionKey, device.rowKey);
  };
  await measure(WARM_UP, 4, read);
  return (await measure(WARM_UP, 1, read)).p50Ms / 2;
}

async function whatPeopleType({ connector, readerKey }: LookupSite): Promise<Readonly<Record<string, Typed>>> {
  const { decisions } = (await connector.readAs(readerKey, '/api/decisions?limit=200')) as DecisionPage;
  const one = (index: number): DecisionPage['decisions'][number] => {
    const found = decisions[index % decisions.length];
    if (found === undefined) throw new Error('no decision is stored');
    return found;
  };
  return {
    'a MAC address': (index) => macOf(index).match(/../g)?.join(':') ?? '',
    'its last six digits': (index) => macOf(index).slice(-6),
    'its first ten digits': (index) => macOf(index).slice(0, 10),
    'a device name': deviceNameOf,
    'a serial number': (index) => `SN${index}X`,
    'a user': (index) => `user${index}@bench.example`,
    'a device id': deviceIdOf,
    'a decision id': (index) => one(index).decision.id,
    'a session id': (index) => one(index).id,
    'what nothing is called': (index) => `no-such-device-${index}`,
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
