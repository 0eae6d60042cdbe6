// What the app reads is what the template sets, and nothing else.

import { describe, expect, test } from 'vitest';
import { AZD_ENVIRONMENT, SAMPLES, type Sample } from '../../scripts/bicep.ts';
import { namedRoutes } from '../../shared/http/routes.ts';
import { SETTINGS, type SettingDescription } from '../../shared/settings/settings-table.ts';
import { compiledTemplate, createdObjects, templatesIn } from './compiled.ts';
import { ofType, predicted, read, valueAt } from './deployment.ts';

const FILE = 'infra/modules/app-settings.bicep';
const settings = Object.entries<SettingDescription>(SETTINGS);
const deployed = settings.filter(([, { localOnly }]) => !localOnly);

const template = templatesIn(await compiledTemplate()).get('appSettings');
const plain = Object.keys(template?.definitions?.['plainSettings']?.properties ?? {});
const secrets = template?.definitions?.['secretSetting']?.allowedValues ?? [];
/** What the template itself sets, whatever the parameters choose. */
const given = Object.keys(givenByTemplate());
const wired = given.filter((name) => name in SETTINGS);
const host = given.filter((name) => !(name in SETTINGS));

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
    const deployedSecrets = deployed.filter(([, { secret }]) => secret).map(([name]) => name);
    expect(secrets.toSorted()).toEqual(deployedSecrets.toSorted());
    for (const sample of SAMPLES) {
      for (const [name, value] of setBy(sample)) {
        expect(value.includes('@Microsoft.KeyVault(SecretUri='), `${sample}: ${name}`).toBe(secrets.includes(name));
      }
    }
    expect(setBy('prod').get('LOG_IDENTITY_KEY')).toContain("'log-identity-key'");
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
    const ours = namedRoutes().map(([, { largestBody = 0 }]) => largestBody);
    expect(Math.max(...ours)).toBeGreaterThan(65_536);
    for (const sample of SAMPLES) {
      const limit = Number(setBy(sample).get('FUNCTIONS_REQUEST_BODY_SIZE_LIMIT')?.replaceAll("'", ''));
      expect(limit).toBeGreaterThan(Math.max(...ours));
      expect(limit).toBeLessThanOrEqual(4 * 1024 * 1024);
    }
  });
});

describe.each(SAMPLES)('%s', (sample) => {
  const names = [...setBy(sample).keys()];

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

/**
 * Names and values that the resource of a sample says: an expression, since some values are outputs of other resources.
 */
function setBy(sample: Sample): Map<string, string> {
  const [config] = ofType(predicted(sample), 'Microsoft.Web/sites/config');
  return createdObjects(String(valueAt(config, 'properties')));
}

/** Names and values in the resource of the template, and in the variables that it unites. */
function givenByTemplate(): Record<string, unknown> {
  const expression = String(template?.resources['appSettings']?.properties);
  const united = [...expression.matchAll(/variables\('(\w+)'\)/g)].map(([, name = '']) => template?.variables?.[name]);
  return Object.assign(
    Object.fromEntries(createdObjects(expression)),
    ...united.map((value) => (typeof value === 'string' ? Object.fromEntries(createdObjects(value)) : value)),
  );
}
