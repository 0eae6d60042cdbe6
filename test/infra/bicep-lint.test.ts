// The compiler builds, lints and formats every Bicep file without an error or a warning.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { AZD_ENVIRONMENT, findBicep, runBicep } from '../../scripts/bicep.ts';
import { startBicepServer } from './bicep-server.ts';
import { bicepFiles, ROOT } from './deployment.ts';
import { linterRules } from './linter-rules.ts';

/** infra/identity needs the types of Microsoft Graph: test/infra/identity.test.ts builds it. */
const files = bicepFiles();
const withoutIdentity = files.filter(({ path }) => !path.startsWith('infra/identity/'));
const templates = withoutIdentity.filter(({ path }) => path.endsWith('.bicep'));
const samples = withoutIdentity.filter(({ path }) => path.endsWith('.bicepparam'));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nac-bicep-'));
  cpSync(join(ROOT, 'infra'), join(folder, 'infra'), { recursive: true });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the compiler', () => {
  test('builds every template without a word', async () => {
    expect(templates.length).toBeGreaterThan(10);
    const { stdout, stderr } = await runBicep([
      'build',
      '--pattern',
      join(folder, 'infra/{main.bicep,modules/*.bicep}'),
    ]);
    expect(`${stdout}${stderr}`).not.toMatch(/Warning|Error/);
  });

  test('has nothing to say about style', async () => {
    const { stdout, stderr } = await runBicep([
      'lint',
      '--pattern',
      join(folder, 'infra/{main.bicep,modules/*.bicep}'),
    ]);
    expect(`${stdout}${stderr}`).not.toMatch(/Warning|Error/);
  });

  test('builds every parameter file with its template', async () => {
    const bicep = startBicepServer();
    for (const { path } of samples) {
      const { success, parameters, diagnostics } = await bicep.compileParameters(join(ROOT, path));
      expect
        .soft({ path, success, parameters: typeof parameters })
        .toEqual({ path, success: true, parameters: 'string' });
      expect
        .soft(
          diagnostics.filter(({ level }) => level !== 'Info'),
          path,
        )
        .toEqual([]);
    }
    await bicep.stop();
  });

  test('formats every file as it is', async () => {
    await runBicep(['format', '--pattern', join(folder, 'infra/**/*.bicep')]);
    await runBicep(['format', '--pattern', join(folder, 'infra/**/*.bicepparam')]);
    const changed = files.filter(({ path, text }) => readFileSync(join(folder, path), 'utf8') !== text);
    expect(
      changed.map(({ path }) => path),
      'bicep format --pattern "infra/**/*.bicep"',
    ).toEqual([]);
  });

  test('tells who lacks variables of azd’s environment which ones and what to do, all in one run', async () => {
    const missing = Object.keys(AZD_ENVIRONMENT).filter((name) => name !== 'NAC_SITES');
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !(name in AZD_ENVIRONMENT)));
    const refused = await runBicep(['build-params', parametersAlone(), '--stdout'], env).catch((error: Error) => error);
    expect(missing.length).toBeGreaterThan(3);
    for (const name of missing) {
      expect.soft(String(refused)).toMatch(new RegExp(`${name} is not set\\. .*azd (env set ${name}|env new) <`));
    }
  });

  test.each(['hq', '{"name":"hq","relayPrincipalIds":[]}', '[{"name":"hq","relayPrincipalIds":[]}'])(
    'says what NAC_SITES must be where it is %s',
    async (sites) => {
      const refused = await buildWithSites(sites).catch((error: Error) => error);
      expect(String(refused)).toContain('NAC_SITES is not a JSON list: azd env set NAC_SITES <list>');
      expect(String(refused)).not.toContain('BCP186');
    },
  );

  test.each([
    ['', 0],
    [' [] ', 0],
    ['[{"name":"hq","relayPrincipalIds":[]}]', 1],
  ])('takes NAC_SITES of "%s" as %i sites', async (sites, amount) => {
    const { parametersJson } = JSON.parse((await buildWithSites(sites)).stdout);
    expect(JSON.parse(parametersJson).parameters.sites.value).toHaveLength(amount);
  });

  test('has each of its rules in bicepconfig.json, with a level, and a reason beside those that are not heard', () => {
    const text = readFileSync(join(ROOT, 'infra/bicepconfig.json'), 'utf8');
    const { enabled, rules } = parse(text.replaceAll(/^\s*\/\/.*$/gm, '')).analyzers.core;
    expect(enabled).toBe(true);
    expect(Object.keys(rules)).toEqual(linterRules(findBicep(process.env) ?? ''));
    for (const [name, rule] of Object.entries<Record<string, unknown>>(rules)) {
      expect.soft(rule, name).toEqual({ level: expect.stringMatching(/^(error|warning|info|off)$/) });
      if (rule['level'] === 'error' || rule['level'] === 'warning') continue;
      expect.soft(text, name).toMatch(new RegExp(`^ *// .+\\n *"${name}":`, 'm'));
    }
  });

  test('notices a resource of a type that nothing checks', async () => {
    const config = readFileSync(join(ROOT, 'infra/bicepconfig.json'), 'utf8');
    expect(config).not.toContain('BCP225');
    expect(
      files.filter(({ text }) => /#disable-diagnostics|#disable-next-line (?!what-if-short-circuiting)/.test(text)),
    ).toEqual([]);
  });
});

function buildWithSites(sites: string): Promise<{ stdout: string }> {
  const env = { ...process.env, ...AZD_ENVIRONMENT, NAC_SITES: sites };
  return runBicep(['build-params', parametersAlone(), '--stdout'], env);
}

/** infra/main.bicepparam without its template, which is built with it above and takes most of the time. */
function parametersAlone(): string {
  const text = readFileSync(join(ROOT, 'infra/main.bicepparam'), 'utf8');
  const alone = text.replace("using 'main.bicep'", 'using none');
  expect(alone).not.toBe(text);
  const file = join(folder, 'infra/alone.bicepparam');
  writeFileSync(file, alone);
  return file;
}
