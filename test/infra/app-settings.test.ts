// What the app reads is what the template sets, and nothing else.

import { describe, expect, test } from 'vitest';
import { AZD_ENVIRONMENT, SAMPLES } from '../../scripts/bicep.ts';
import { SETTINGS, type SettingDescription } from '../../shared/settings/settings-table.ts';
import { ofType, predicted, read, valueAt } from './deployment.ts';

const FILE = 'infra/modules/app-settings.bicep';
const text = read(FILE);
const settings = Object.entries<SettingDescription>(SETTINGS);
const deployed = settings.filter(([, { localOnly }]) => !localOnly);

const plain = keysOf('plainSettings');
const wired = [...keysOf('wiredSettings'), ...keysOf('signInSettings'), ...keysOf('serviceBusSettings')];
const secrets = [...(/^type secretSetting =[^=]*?(?=\n\n)/m.exec(text)?.[0] ?? '').matchAll(/'(\w+)'/g)].map(
  ([, name = '']) => name,
);
const host = [...keysOf('hostSettings'), ...keysOf('hostServiceBusSettings')];

describe('every setting in shared/settings/settings-table.ts', () => {
  test.each(deployed)('%s is set by the template', (name, { secret }) => {
    const line = secret
      ? `'${name}' to the union secretSetting`
      : `"${name}: string?" to plainSettings, or "${name}: <value>" to wiredSettings if the template knows it`;
    const help = `Add ${line} in ${FILE}, or mark it localOnly in shared/settings/settings-table.ts (see "A new setting" in docs/deploy.md)`;
    expect(secret ? secrets : [...plain, ...wired], help).toContain(name);
  });

  test('is set once', () => {
    const all = [...plain, ...wired, ...secrets, ...host];
    expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
  });

  test('is documented', () => {
    const table = read('docs/settings.md');
    expect(deployed.filter(([name]) => !table.includes(`| \`${name}\` |`))).toEqual([]);
  });
});

describe('the template', () => {
  test('sets nothing that the app does not read', () => {
    const known = new Set(deployed.map(([name]) => name));
    expect([...plain, ...wired, ...secrets].filter((name) => !known.has(name))).toEqual([]);
  });

  test('keeps secrets in the vault alone: none is a plain value', () => {
    const secretNames = settings.filter(([, { secret }]) => secret).map(([name]) => name);
    expect([...plain, ...wired, ...host].filter((name) => secretNames.includes(name))).toEqual([]);
    expect(text).toContain('@Microsoft.KeyVault(SecretUri=');
  });

  test('gives the host what it reads itself, and only what Flex Consumption allows', () => {
    expect(host.toSorted()).toEqual([
      'APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED',
      'APPLICATION_INSIGHTS_NO_STATSBEAT',
      'AzureWebJobsDisableHomepage',
      'AzureWebJobsStorage__blobServiceUri',
      'AzureWebJobsStorage__clientId',
      'AzureWebJobsStorage__credential',
      'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT',
      'ServiceBusConnection__credential',
    ]);
  });

  test('limits bodies above every limit of ours, so that ours say what to do', () => {
    const [, limit = ''] = /FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '(\d+)'/.exec(text) ?? [];
    const [, largest = ''] = /LARGEST_BODY = ([\d_]+)/.exec(read('shared/lookup/request-fields.ts')) ?? [];
    const ours = Number(largest.replaceAll('_', ''));
    expect(ours).toBeGreaterThan(0);
    // A character has at most three bytes in UTF-8 for each of its UTF-16 units.
    expect(Number(limit)).toBeGreaterThanOrEqual(3 * ours);
    expect(Number(limit)).toBeLessThanOrEqual(4 * 1024 * 1024);
  });
});

describe.each(SAMPLES)('%s', (sample) => {
  const [config] = ofType(predicted(sample), 'Microsoft.Web/sites/config');
  // An expression, since some values are outputs of other resources: pairs of names and values.
  const given = String(valueAt(config, 'properties'));
  const names = [...given.matchAll(/'([A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+|AzureWebJobsDisableHomepage)',/g)].map(
    ([, name = '']) => name,
  );

  test('sets what every deployment needs, and what its parameters choose', () => {
    expect(names).toEqual(
      expect.arrayContaining([
        ...['ENTRA_TENANT_ID', 'ENTRA_CLIENT_ID', 'POLLING_INTERVAL', 'StorageConnection__tableServiceUri'],
        ...['AzureWebJobsStorage__blobServiceUri', 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT', 'AzureWebJobsDisableHomepage'],
      ]),
    );
  });

  test('sets nothing that neither app nor host reads', () => {
    const known = [...plain, ...wired, ...secrets, ...host];
    expect(names.filter((name) => !known.includes(name) && !(name in AZD_ENVIRONMENT))).toEqual([]);
  });
});

/** Members of a type, or keys of a variable in whichever branch has them. */
function keysOf(name: string): string[] {
  const [block = ''] = new RegExp(`^(type|var) ${name} = [\\s\\S]*?\\n(?=\\n)`, 'm').exec(text) ?? [];
  return [...block.matchAll(/^ {2,6}(\w+): ?/gm)].map(([, key = '']) => key);
}
