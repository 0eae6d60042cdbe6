import { historyOfSeed, runWorld } from './run-world.ts';
import { shrink } from './shrink.ts';

const seed = Number(process.argv[2]);
const kind = (s: string) => s.slice(0, 12);
const first = await runWorld(seed);
const kinds = new Set(first.failures.map((f) => kind(f.what)));
let n = 0;
const events = await shrink(historyOfSeed(seed), async (e) => {
  n++;
  const { failures } = await runWorld(seed, e);
  return failures.some((f) => kinds.has(kind(f.what)));
});
console.log('runs', n);
const out = await runWorld(seed, events, console.log);
console.log(events, out.failures);
