// Names that would fail half-way, or share a queue, are refused before the first resource.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { snapshot } from '../../scripts/bicep.ts';
import { isClientOrSiteName } from '../../shared/domain/client.ts';
import { ROOT } from './deployment.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nac-names-'));
  cpSync(join(ROOT, 'infra'), join(folder, 'infra'), { recursive: true });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  { sites: ['results'], says: 'No site may be called "results"' },
  { sites: ['Lab', 'lab_2', '-lab', 'lab-'], says: 'The site "lab_2" must be called by lower-case letters' },
  { sites: ['lab', 'hq', 'lab'], says: 'Two sites are called "lab"' },
  { name: 'nac-dev', sites: ['lab'], says: 'The name "nac-dev" must be made of lower-case letters and digits' },
])('$sites of $name: $says', async ({ name, sites, says }) => {
  const refused = await predict(sites, name).catch((error: Error) => error);
  expect(String(refused)).toContain(says);
});

test('every wrong site is named in one message', async () => {
  const refused = String(await predict(['Lab', 'lab_2', '-lab', 'lab-']).catch((error: Error) => error));
  for (const site of ['Lab', 'lab_2', '-lab', 'lab-']) expect(refused).toContain(`"${site}"`);
});

test('what the code takes for the name of a site is refused only where Service Bus does not take the queue', async () => {
  const usual = ['a', '7', 'plant-2', 'result', 'results-2', 'a'.repeat(40)];
  expect(usual.filter(isClientOrSiteName)).toEqual(usual);
  await predict(usual);
});

/** Sites without relays, in the dev sample. */
async function predict(sites: readonly string[], name = 'nacdev'): Promise<unknown> {
  const file = join(folder, 'infra/dev.bicepparam');
  const text = readFileSync(join(ROOT, 'infra/dev.bicepparam'), 'utf8');
  const list = sites.map((site) => `  {\n    name: '${site}'\n    relayPrincipalIds: []\n  }`).join('\n');
  const changed = text
    .replace(/param name = '\w+'/, `param name = '${name}'`)
    .replace(/param sites = \[[\s\S]*?\n\]/, `param sites = [\n${list}\n]`);
  writeFileSync(file, changed);
  return snapshot('overwrite', file);
}
