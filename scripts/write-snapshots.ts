// Command line: writes again what each sample would make in Azure, infra/<sample>.snapshot.json, so that a review shows it.

import { join } from 'node:path';
import { SAMPLES, snapshot } from './bicep.ts';

for (const sample of SAMPLES) {
  await snapshot('overwrite', join(import.meta.dirname, `../infra/${sample}.bicepparam`));
  console.log(`infra/${sample}.snapshot.json`);
}
