// `npm run schema`: writes the JSON schemas in infra/, which editors check policy.yaml and sources.yaml by.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { policySchema } from '../shared/adapters/yaml/policy-schema.ts';
import { sourcesSchema } from '../shared/adapters/yaml/sources-schema.ts';

for (const [name, schema] of [
  ['policy.schema.json', policySchema()],
  ['sources.schema.json', sourcesSchema()],
] as const) {
  const file = join(import.meta.dirname, '../infra', name);
  writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
  console.log(`wrote ${file}`);
}
