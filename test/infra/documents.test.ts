// The documents about Azure speak of what there is: commands, parameters, settings, roles. Their links:
// unit/docs/documents.test.ts.

import { describe, expect, test } from 'vitest';
import { SETTINGS } from '../../shared/settings/settings-table.ts';
import { declaredNames, ofType, predicted, read } from './deployment.ts';

const DOCUMENTS = ['deploy', 'security', 'cost', 'operations', 'intune-profiles'].map((name) => `docs/${name}.md`);
const parametersOf = (path: string): string[] => declaredNames(path, 'param');

describe.each(DOCUMENTS)('%s', (path) => {
  const text = read(path);

  test('names commands that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const commands = [...text.matchAll(/npm run (?:--silent )?([a-z-]+)/g)].map(([, command = '']) => command);
    expect(commands.filter((command) => !(command in scripts))).toEqual([]);
  });

  test('names settings that the app reads', () => {
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

  test('explains parameters that infra/main.bicep has', () => {
    const rows = text.slice(text.indexOf('| parameter | meaning |')).split('\n\n')[0] ?? '';
    const named = [...rows.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)]);
    const names = named.map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !parametersOf('infra/main.bicep').includes(name))).toEqual([]);
    const required = ['settings', 'vaultSettings', 'sites', 'operators', 'network'];
    expect(required.filter((name) => !names.includes(name))).toEqual([]);
  });

  test('asks the deployment for outputs it has, and calls resources what the templates call them', () => {
    const outputs = declaredNames('infra/main.bicep', 'output');
    const asked = [...text.matchAll(/\$\(output (\w+)\)/g)].map(([, name = '']) => name);
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.filter((name) => !outputs.includes(name))).toEqual([]);
    const prefixes = new Set([...text.matchAll(/\b(\w+)-\$NAME\b/g)].map(([, prefix = '']) => prefix));
    expect([...prefixes].toSorted()).toEqual(['id', 'log', 'rg']);
    const deployed = predicted('prod').map(({ name }) => name);
    for (const prefix of prefixes) expect(deployed).toContain(`${prefix}-nac`);
    expect(text).toContain('"NAC connector ($NAME)"');
    expect(read('infra/identity/main.bicep')).toContain(`'NAC connector (\${name})'`);
  });

  test('asks for the same programs in the quick path and in the list of what it takes', () => {
    const [, quick = '', list = ''] = text.split(/^## (?:In a quarter of an hour|What it takes)$/m);
    const versions = /Azure CLI (\d+\.\d+) or newer with Bicep (\d+\.\d+\.\d+) or newer/;
    expect(versions.exec(list)?.[0]).toBeDefined();
    expect(quick).toContain(versions.exec(list)?.[0]);
    const major = /^(\d+)\./.exec(JSON.parse(read('package.json')).devDependencies.node)?.[1];
    for (const part of [quick, list]) expect(part).toContain(`Node.js ${major}`);
  });

  test.each([
    ['dev', 0],
    ['prod', 1],
  ] as const)('has the names of the %s sample in its commands', (sample, place) => {
    const exports = [...text.matchAll(/^export LOCATION=(\w+) NAME=(\w+)/gm)];
    expect(exports).toHaveLength(2);
    const [, location, name = ''] = exports[place] ?? [];
    const [group] = ofType(predicted(sample), 'Microsoft.Resources/resourceGroups');
    expect(group).toMatchObject({ name: `rg-${name}`, location });
  });

  test('publishes the zip that the package command makes', () => {
    const { version } = JSON.parse(read('package.json'));
    expect(text).toContain(`.package/connector-${version}.zip`);
    expect(read('README.md')).toContain(`.package/connector-${version}.zip`);
  });
});

// https://learn.microsoft.com/entra/identity-platform/quickstart-register-app: the menu is called Entra ID since 2025;
// before, the same pages were below Identity > Applications.
test('app registrations are found where the admin center has them today', () => {
  const paths = [...DOCUMENTS, 'README.md', 'docs/settings.md', 'infra/relay/README.md'].flatMap((path) =>
    [...read(path).matchAll(/\*\*([^*\n]*>[^*\n]*)\*\*/g)].map(([, names = '']) => names.split(/ ?> ?/)),
  );
  const toRegistrations = paths.filter((names) =>
    /^(App registrations|Enterprise app\w*)$/.test(names[1] ?? names[0] ?? ''),
  );
  expect(toRegistrations).not.toEqual([]);
  for (const names of toRegistrations) expect.soft(names[0]).toBe('Entra ID');
  expect(paths.filter(([first]) => /^(Identity|Applications|Azure Active Directory)$/.test(first ?? ''))).toEqual([]);
});

describe('docs/security.md', () => {
  test('names the least role for every command of az and azd that the documents ask for', () => {
    const text = read('docs/security.md');
    const table = text.slice(text.indexOf('| work | with | least role |')).split('\n\n')[0] ?? '';
    const rows = table.split('\n').slice(2);
    for (const row of rows) expect.soft(row.split('|')[3]?.trim(), row).not.toBe('');
    const covered = rows.flatMap((row) =>
      [...row.matchAll(/`((?:az|azd) [^`]+)`/g)].map(([, command = '']) => command),
    );
    const asked = DOCUMENTS.flatMap((path) =>
      [...read(path).matchAll(/\b(azd? (?:rest --method [a-z]+|\$?[a-z][a-z-]*(?: [a-z][a-z-]*)*))/g)].map(
        ([, command = '']) => command,
      ),
    ).filter((command) => !/^azd? (?:is|uses|knows|finds|sets|and|see|it|with|asks)\b/.test(command));
    expect(new Set(asked).size).toBeGreaterThan(25);
    const without = asked.filter(
      (command) => !covered.some((known) => `${command} `.startsWith(`${known} `) || known.startsWith(`${command} `)),
    );
    expect([...new Set(without)]).toEqual([]);
  });

  test('assigns every day to operators what its table of assignments gives them', () => {
    const text = read('docs/security.md');
    const table = text.slice(text.indexOf('| work | with | least role |')).split('\n\n')[0] ?? '';
    const named = new Set([...table.matchAll(/\| `(operators\w+)` \|/g)].map(([, name]) => name));
    const assigned = [...text.matchAll(/^\| `(operators\w+)` \|/gm)].map(([, name]) => name);
    expect([...named].toSorted()).toEqual(assigned.toSorted());
  });

  test('names switches that infra/identity has', () => {
    const switches = [...read('docs/security.md').matchAll(/`(\w+): (?:true|false)`/g)].map(([, name = '']) => name);
    expect(switches.length).toBeGreaterThan(0);
    expect(switches.filter((name) => !parametersOf('infra/identity/main.bicep').includes(name))).toEqual([]);
  });
});
