import { runWorld } from './run-world.ts';

const from = Number(process.argv[2]),
  n = Number(process.argv[3]);
const trace = process.argv[4] === 't';
const t = performance.now();
let bad = 0;
for (let seed = from; seed < from + n; seed++) {
  const { failures, events } = await runWorld(seed, undefined, trace ? console.log : undefined);
  if (failures.length) {
    bad++;
    console.log(
      seed,
      events.length,
      failures.map((f) => f.what.slice(0, 400)),
    );
  }
}
console.log('bad', bad, 'ms/world', (performance.now() - t) / n);
