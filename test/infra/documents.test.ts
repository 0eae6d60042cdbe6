// The documents about Azure speak of what there is: files, headings, commands, parameters, settings, roles.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../shared/settings/settings-table.ts';
import { declarations, ROOT, readBicepFile } from './bicep-file.ts';

const DOCUMENTS = ['deploy', 'security', 'cost', 'operations', 'intune-profiles'].map((name) => `docs/${name}.md`);
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const parametersOf = (path: string): string[] =>
  declarations(readBicepFile(path))
    .filter(({ kind }) => kind === 'parameter')
    .map(({ name }) => name);

describe.each(DOCUMENTS)('%s', (path) => {
  const text = read(path);

  it('links to files and headings that there are', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)]+))?\)/g)];
    const broken = links.filter(([, file = '', heading]) => {
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(ROOT, target))) return true;
      return heading !== undefined && !headingsOf(read(target)).includes(heading);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  it('names commands that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const commands = [...text.matchAll(/npm run (?:--silent )?([a-z-]+)/g)].map(([, command = '']) => command);
    expect(commands.filter((command) => !(command in scripts))).toEqual([]);
  });

  it('names settings that the app reads', () => {
    const host = /^(AZURE_|NAC_|LOCATION$|NAME$)/;
    const names = [...text.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)].map(([, name = '']) => name);
    const unknown = names.filter(
      (name) => !(name in SETTINGS) && !host.test(name) && name !== 'EDITF_ATTRIBUTESUBJECTALTNAME2',
    );
    expect(unknown).toEqual([]);
  });
});

describe('docs/deploy.md', () => {
  const text = read('docs/deploy.md');

  it('explains parameters that infra/main.bicep has', () => {
    const rows = text.slice(text.indexOf('| parameter | meaning |')).split('\n\n')[0] ?? '';
    const named = [...rows.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)]);
    const names = named.map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !parametersOf('infra/main.bicep').includes(name))).toEqual([]);
    const required = ['settings', 'vaultSettings', 'sites', 'operators', 'network'];
    expect(required.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('asks the deployment for outputs it has, and calls resources what the templates call them', () => {
    const main = readBicepFile('infra/main.bicep');
    const outputs = declarations(main).filter(({ kind }) => kind === 'output');
    const asked = [...text.matchAll(/\$\(output (\w+)\)/g)].map(([, name = '']) => name);
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.filter((name) => !outputs.some((output) => output.name === name))).toEqual([]);
    const prefixes = new Set([...text.matchAll(/\b(\w+)-\$NAME\b/g)].map(([, prefix = '']) => prefix));
    expect([...prefixes].toSorted()).toEqual(['id', 'log', 'rg']);
    for (const prefix of prefixes) expect(main.text).toContain(`'${prefix}-\${name}'`);
    expect(text).toContain('"NAC connector ($NAME)"');
    expect(read('infra/identity/main.bicep')).toContain(`'NAC connector (\${name})'`);
  });

  it('publishes the zip that the package command makes', () => {
    const { version } = JSON.parse(read('package.json'));
    expect(text).toContain(`.package/connector-${version}.zip`);
    expect(read('README.md')).toContain(`.package/connector-${version}.zip`);
  });
});

describe('docs/security.md', () => {
  it('names switches that infra/identity has', () => {
    const switches = [...read('docs/security.md').matchAll(/`(\w+): (?:true|false)`/g)].map(([, name = '']) => name);
    expect(switches.length).toBeGreaterThan(0);
    expect(switches.filter((name) => !parametersOf('infra/identity/main.bicep').includes(name))).toEqual([]);
  });
});

describe('azure.yaml', () => {
  it('publishes what the package command assembles, and has nothing built on Azure', () => {
    const text = read('azure.yaml');
    expect(text).toMatch(/remoteBuild: false/);
    expect(text).toMatch(/dist: \.package\/app/);
    expect(read('scripts/package.ts')).toContain("'.package'");
    // azd finds the function app by this tag.
    const [, service] = /services:\n {2}(\w+):/.exec(text) ?? [];
    expect(readBicepFile('infra/modules/function-app.bicep').text).toContain(`'azd-service-name': '${service}'`);
  });
});

/** As GitHub makes anchors of headings. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}
