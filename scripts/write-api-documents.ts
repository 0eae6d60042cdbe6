// `npm run api`: writes docs/api.md and docs/openapi.json from the table of routes.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiMarkdown } from './api/api-markdown.ts';
import { openApiDocument } from './api/openapi-document.ts';

export const API_DOCUMENTS: Readonly<Record<string, () => string>> = {
  'docs/api.md': apiMarkdown,
  'docs/openapi.json': () => `${JSON.stringify(openApiDocument(), null, 2)}\n`,
};

if (import.meta.main) {
  for (const [path, text] of Object.entries(API_DOCUMENTS)) {
    writeFileSync(join(import.meta.dirname, '..', path), text());
    console.log(`wrote ${path}`);
  }
}
