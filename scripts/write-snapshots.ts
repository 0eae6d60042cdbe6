// Command line: writes again what each sample would make in Azure, infra/<sample>.snapshot.json, so that a review shows
// it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLES, snapshot } from './bicep.ts';

const FOLDER = join(import.meta.dirname, '../infra');

for (const sample of SAMPLES) {
  await snapshot('overwrite', join(FOLDER, `${sample}.bicepparam`));
  sortOutputs(join(FOLDER, `${sample}.snapshot.json`));
  console.log(`infra/${sample}.snapshot.json`);
}

/** The compiler gives outputs in another order each time; only a change shall show. */
function sortOutputs(file: string): void {
  const { outputs, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
  const sorted = Object.fromEntries(Object.entries(outputs).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify({ ...rest, outputs: sorted }, null, 2)}\n`);
}
