// `npm run schema`: writes infra/policy.schema.json, which editors check policy.yaml by.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { policySchema } from '../shared/adapters/yaml/policy-schema.ts';

const FILE = join(import.meta.dirname, '../infra/policy.schema.json');
writeFileSync(FILE, `${JSON.stringify(policySchema(), null, 2)}\n`);
console.log(`wrote ${FILE}`);
