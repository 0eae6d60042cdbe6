// What the app reads is what the template sets, and nothing else.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTINGS, type SettingDescription } from '../../shared/settings/settings-table.ts';
import {
  declaration,
  literalsOf,
  nodesOfType,
  propertiesOf,
  ROOT,
  readBicepFile,
  readBicepFiles,
} from './bicep-file.ts';

const FILE = 'infra/modules/app-settings.bicep';
const file = readBicepFile(FILE);
const settings = Object.entries<SettingDescription>(SETTINGS);
const deployed = settings.filter(([, { localOnly }]) => !localOnly);

const plain = keysOf('plainSettings');
const wired = [...keysOf('wiredSettings'), ...keysOf('signInSettings'), ...keysOf('serviceBusSettings')];
const secrets = literalsOf(declaration(file, 'secretSetting').node);
const host = [...keysOf('hostSettings'), ...keysOf('hostServiceBusSettings')];

describe('every setting in shared/settings/settings-table.ts', () => {
  it.each(deployed)('%s is set by the template', (name, { secret }) => {
    const line = secret
      ? `'${name}' to the union secretSetting`
      : `"${name}: string?" to plainSettings, or "${name}: <value>" to wiredSettings if the template knows it`;
    const help = `Add ${line} in ${FILE}, or mark it localOnly in shared/settings/settings-table.ts (see "A new setting" in docs/deploy.md)`;
    expect(secret ? secrets : [...plain, ...wired], help).toContain(name);
  });

  it('is set once', () => {
    const all = [...plain, ...wired, ...secrets, ...host];
    expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
  });

  it('is documented', () => {
    const table = readFileSync(join(ROOT, 'docs/settings.md'), 'utf8');
    expect(deployed.filter(([name]) => !table.includes(`| \`${name}\` |`))).toEqual([]);
  });
});

describe('the template', () => {
  it('sets nothing that the app does not read', () => {
    const known = new Set(deployed.map(([name]) => name));
    expect([...plain, ...wired, ...secrets].filter((name) => !known.has(name))).toEqual([]);
  });

  it('keeps secrets in the vault alone: none is a plain value', () => {
    const secretNames = settings.filter(([, { secret }]) => secret).map(([name]) => name);
    expect([...plain, ...wired, ...host].filter((name) => secretNames.includes(name))).toEqual([]);
    expect(file.text).toContain('@Microsoft.KeyVault(SecretUri=');
  });

  it('gives the host what it reads itself, and only what Flex Consumption allows', () => {
    expect(host.toSorted()).toEqual([
      'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
      'APPLICATIONINSIGHTS_CONNECTION_STRING',
      'AzureWebJobsStorage__blobServiceUri',
      'AzureWebJobsStorage__clientId',
      'AzureWebJobsStorage__credential',
      'ServiceBusConnection__credential',
    ]);
  });

  it('hands every group of settings on', () => {
    const union = nodesOfType(declaration(file, 'appSettings').node, 'call_expression')[0]?.text ?? '';
    const groups = ['settings', 'wiredSettings', 'signInSettings', 'serviceBusSettings', 'secretSettings'];
    for (const group of [...groups, 'hostSettings', 'hostServiceBusSettings']) {
      expect(union).toMatch(new RegExp(`\\b${group}\\b`));
    }
  });
});

describe('parameter files', () => {
  const parameterFiles = readBicepFiles().filter(({ path, text }) => {
    return path.endsWith('.bicepparam') && text.includes("using 'main.bicep'") && !path.includes('identity');
  });

  it.each(parameterFiles.map((each) => [each.path, each] as const))('%s gives settings there are', (_path, each) => {
    const given = nodesOfType(declaration(each, 'settings').node, 'object')[0];
    const names = given ? [...propertiesOf(given).keys()] : [];
    expect(names).toContain('ENTRA_CLIENT_ID');
    expect(names.filter((name) => !plain.includes(name))).toEqual([]);
    const vault = /param vaultSettings = \[([^\]]*)\]/.exec(each.text)?.[1] ?? '';
    expect(
      [...vault.matchAll(/'(\w+)'/g)].map(([, name]) => name).filter((name) => !secrets.includes(name ?? '')),
    ).toEqual([]);
  });
});

/** Members of a type, or keys of a variable in whichever branch has them. */
function keysOf(name: string): string[] {
  const objects = nodesOfType(declaration(file, name).node, 'object');
  return objects.flatMap((object) => [...propertiesOf(object).keys()]);
}
