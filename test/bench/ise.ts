// What Cisco ISE's questions cost: one device, beside a lookup and an empty function in the same run; and the whole
// list of noncompliant devices, page by page, beside a fleet of compliant ones.

import { parseArgs } from 'node:util';
import { TableDeviceStore } from '../../shared/adapters/table-storage/table-device-store.ts';
import { openClientRegistry } from '../../shared/app/client-registry.ts';
import { concurrently } from '../../shared/concurrently.ts';
import { measure, median } from './latency.ts';
import { type LookupSite, lookupBody, lookupSite, macOf } from './lookup-site.ts';

const ROUNDS = 9;
const REQUESTS = 1_000;
const AT_ONCE = 16;
const STATIONS = 50;
const CHUNK = 5_000;

export async function benchIse(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { devices: { type: 'string', default: '100000' }, listed: { type: 'string', default: '20000' } },
  });
  const [devices, listed] = [Number(values.devices), Number(values.listed)];
  if (!Number.isInteger(devices) || !Number.isInteger(listed) || devices < STATIONS || listed < 1) {
    throw new RangeError(`--devices must be a whole number from ${STATIONS} on, --listed one from 1 on`);
  }
  await using site = await lookupSite();
  await site.grow(devices);
  await fillList(site, listed);
  const registry = await openClientRegistry({ kind: 'connection-string', connectionString: site.storageConnection });
  const key = await registry.createClient('bench-ise', 'hq', 'ise');
  await oneDevice(site, key);
  await wholeList(site, key, listed);
}

async function oneDevice({ connector, yardstick }: LookupSite, key: string): Promise<void> {
  const get = async (target: string): Promise<void> => {
    const status = await connector.sendAs(key, 'GET', target, undefined);
    if (status !== 200) throw new Error(`${target} answered ${status}`);
  };
  const base = '/ciscoise/mdmapi/v3/devices/?paging=0&filter=all&querycriteria=';
  const kinds = {
    'an empty function': () => yardstick.post('/api/empty', lookupBody(0)),
    'a lookup': (index: number) => connector.post('/api/lookup', lookupBody(index % STATIONS)),
    'by MAC address': (index: number) => get(`${base}macaddress&value=${macOf(index % STATIONS).toUpperCase()}`),
    'by GUID': (index: number) => get(`${base}guid&value=${guidOf(index % STATIONS)}`),
  } satisfies Record<string, (index: number) => Promise<void>>;
  const rounds: Record<string, number>[] = [];
  // The first round is for the compiler.
  for (let round = 0; round <= ROUNDS; round++) {
    const p50: Record<string, number> = {};
    for (const [kind, ask] of Object.entries(kinds)) p50[kind] = (await measure(REQUESTS, AT_ONCE, ask)).p50Ms;
    if (round > 0) rounds.push(p50);
  }
  for (const kind of Object.keys(kinds).slice(2)) {
    const times = (other: string): string =>
      median(rounds.map((p50) => (p50[kind] ?? 0) / (p50[other] ?? 1))).toFixed(2);
    print(
      `one device ${kind}: ${times('a lookup')} times a lookup (wanted: at most 2.00), ${times('an empty function')} times an empty function`,
    );
  }
}

async function wholeList({ connector }: LookupSite, key: string, listed: number): Promise<void> {
  const begun = performance.now();
  let paging = 0;
  let pages = 0;
  // The order of hashes is even, so the pages can be asked for without their cursors: what they cost is the same.
  const step = Math.ceil(2 ** 31 / Math.max(1, Math.ceil(listed / 500)));
  for (; paging < 2 ** 31; paging += step, pages++) {
    const target = `/ciscoise/mdmapi/v3/devices/?paging=${paging}&querycriteria=compliance&value=false&deviceidentifier=guid&filter=all`;
    const status = await connector.sendAs(key, 'GET', target, undefined);
    if (status !== 200) throw new Error(`a page answered ${status}`);
  }
  const seconds = (performance.now() - begun) / 1000;
  print(
    `list of ${listed}: ${pages} pages in ${seconds.toFixed(1)} s, ${((seconds / pages) * 1000).toFixed(0)} ms a page`,
  );
}

async function fillList({ tables }: LookupSite, listed: number): Promise<void> {
  const store = new TableDeviceStore(tables.devices);
  const numbers = Array.from({ length: listed }, (_, number) => number);
  const chunks = Array.from({ length: Math.ceil(listed / CHUNK) }, (_, at) =>
    numbers.slice(at * CHUNK, (at + 1) * CHUNK),
  );
  await concurrently(chunks, 1, async (chunk) => {
    await store.write(
      chunk.map((number) => ({
        record: {
          device: { source: 'intune', id: guidOf(0xf0000000 + number), complianceState: 'noncompliant' },
          presence: 'present',
          version: 1,
          observedAt: '2026-01-01T00:00:00.000Z',
          indexed: true,
        },
        retiredIdentities: [],
      })),
    );
  });
}

function guidOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
