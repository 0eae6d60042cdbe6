// What a stranger costs: processor time of a refused request, beside a function that does nothing, in the same run.

import { measure, median } from './latency.ts';
import { type LookupSite, lookupBody, lookupSite } from './lookup-site.ts';

const REQUESTS = 4_000;
const AT_ONCE = 64;
const ROUNDS = 7;

const SECRET = '0'.repeat(64);
const STRANGERS: Readonly<Record<string, (index: number) => string>> = {
  'without a key': () => '',
  'under made-up names': (index) => `stranger-${index}.${SECRET}`,
  'with a wrong secret for a real name': () => `bench.${SECRET}`,
};

export async function benchRefusal(): Promise<void> {
  await using site = await lookupSite();
  for (const [who, key] of Object.entries(STRANGERS)) {
    const ratios: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const refused = await cost(site, 'connector', key, '/api/lookup', 401);
      const empty = await cost(site, 'yardstick', key, '/api/empty', 200);
      // The first round compiles.
      if (round > 0) ratios.push(refused / empty);
    }
    const ratio = median(ratios).toFixed(2);
    process.stdout.write(
      `refused ${who} / empty function = ${ratio} of its processor time (wanted: at most 2.00; ${ratios.map((one) => one.toFixed(2)).join(', ')})\n`,
    );
  }
}

async function cost(
  site: LookupSite,
  side: 'connector' | 'yardstick',
  key: (index: number) => string,
  route: string,
  expected: number,
): Promise<number> {
  const app = site[side];
  const before = app.processorSeconds();
  await measure(REQUESTS, AT_ONCE, async (index) => {
    const status = await app.postAs(key(index), route, lookupBody(index));
    if (status !== expected) throw new Error(`${route} answered ${status}`);
  });
  return app.processorSeconds() - before;
}
