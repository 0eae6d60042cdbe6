// What must hold of every deployed resource, whatever is added: no keys, no old TLS, nothing public, no secret that
// gets out.

import { describe, expect, test } from 'vitest';
import { SAMPLES } from '../../scripts/bicep.ts';
import { type CompiledTemplate, compiledTemplate, templatesIn } from './compiled.ts';
import { ofType, type PredictedResource, predicted, valueAt } from './deployment.ts';

const template = await compiledTemplate();
const templates = [...templatesIn(template)].map(([name, compiled]) => ({ name: name || 'main', compiled }));
const samples = SAMPLES.map((sample) => ({ sample, resources: predicted(sample) }));
const everything = samples.flatMap(({ sample, resources }) => resources.map((resource) => ({ sample, resource })));

describe('no key or secret', () => {
  test.each(templates)('is asked for, built or handed on by $name', ({ compiled }) => {
    const text = withoutModules(compiled);
    expect(text).not.toMatch(/\blist\w*\(/i);
    expect(text).not.toMatch(/AccountKey=|SharedAccessKey|SharedAccessSignature|InstrumentationKey|primaryKey|\bsig=/i);
    expect(text).not.toMatch(/passwordCredentials|secretText|-----BEGIN|PRIVATE KEY/);
    expect(text).not.toMatch(/Microsoft\.KeyVault\/vaults\/secrets/);
  });

  test('is in an output', () => {
    const outputs = templates.flatMap(({ compiled }) => Object.keys(compiled.outputs ?? {}));
    expect(outputs.length).toBeGreaterThan(10);
    expect(
      outputs.filter((name) => /secret|password|credential|key(?!vault)|connectionString|token/i.test(name)),
    ).toEqual([]);
  });

  test('is a parameter', () => {
    const parameters = templates.flatMap(({ compiled }) => Object.entries(compiled.parameters ?? {}));
    expect(parameters.length).toBeGreaterThan(50);
    expect(
      parameters.filter(([name]) => /password|credential|connectionString|token|(?<!vault)secret/i.test(name)),
    ).toEqual([]);
    expect(parameters.filter(([, { type }]) => /secure/i.test(String(type)))).toEqual([]);
  });

  test.each(samples)(
    'is in what $sample deploys: what looks random is an id, a name or an address',
    ({ resources }) => {
      /**
       * Ids of resources and roles, expressions, addresses; names, of which no part is longer than that of a storage
       * account.
       */
      const harmless =
        /^(\/subscriptions\/.*|\[.*\]|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9]{1,24}([-/][a-z0-9]{1,24})*|[\w.-]+@example\.org|https:\/\/.*|Microsoft\.[\w./]+|\w+Criterion)$/s;
      const texts = textsIn(resources).filter((text) => /^[A-Za-z0-9+/_=@~.-]{24,}$/.test(text));
      expect(texts.length).toBeGreaterThan(10);
      expect(texts.filter((text) => !harmless.test(text))).toEqual([]);
    },
  );
});

/** What a resource of a type must say, whichever template declares it. */
const MUST: Record<string, Record<string, unknown>> = {
  'Microsoft.Storage/storageAccounts': {
    'properties.allowSharedKeyAccess': false,
    'properties.allowBlobPublicAccess': false,
    'properties.allowCrossTenantReplication': false,
    'properties.defaultToOAuthAuthentication': true,
    'properties.minimumTlsVersion': 'TLS1_2',
    'properties.supportsHttpsTrafficOnly': true,
  },
  'Microsoft.Storage/storageAccounts/blobServices/containers': { 'properties.publicAccess': 'None' },
  'Microsoft.ServiceBus/namespaces': { 'properties.disableLocalAuth': true, 'properties.minimumTlsVersion': '1.2' },
  'Microsoft.KeyVault/vaults': {
    'properties.enableRbacAuthorization': true,
    'properties.enableSoftDelete': true,
  },
  'Microsoft.Insights/components': { 'properties.DisableLocalAuth': true },
  'Microsoft.OperationalInsights/workspaces': { 'properties.features.disableLocalAuth': true },
  'Microsoft.Web/sites': {
    'properties.httpsOnly': true,
    'properties.siteConfig.minTlsVersion': '1.2',
    'properties.siteConfig.scmMinTlsVersion': '1.2',
    'properties.functionAppConfig.deployment.storage.authentication.type': 'UserAssignedIdentity',
    'properties.functionAppConfig.runtime.name': 'node',
    'properties.functionAppConfig.runtime.version': '24',
  },
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies': { 'properties.allow': false },
};

describe.each(Object.entries(MUST))('%s', (type, properties) => {
  test.each(samples)('is deployed by $sample', ({ resources }) => {
    expect(ofType(resources, type)).not.toEqual([]);
  });

  test.each(Object.entries(properties))('says %s: %s', (path, value) => {
    for (const { sample, resource } of everything.filter((each) => each.resource.type === type)) {
      expect(valueAt(resource, path), `${sample}: ${resource.name}`).toBe(value);
    }
  });
});

/**
 * https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan, deprecated properties: Azure may refuse
 * them.
 */
const NOT_ON_FLEX_CONSUMPTION =
  /"(alwaysOn|ftpsState|use32BitWorkerProcess|linuxFxVersion|windowsFxVersion|netFrameworkVersion|functionAppScaleLimit|preWarmedInstanceCount|containerSize|isReserved|isXenon|vnetRouteAllEnabled|vnetContentShareEnabled|healthCheckPath|appSettings)":/i;

describe('resources', () => {
  test.each(samples)('of Flex Consumption in $sample say nothing that this plan does not know', ({ resources }) => {
    const [site] = ofType(resources, 'Microsoft.Web/sites');
    expect(valueAt(site, 'properties.functionAppConfig')).toBeDefined();
    expect(NOT_ON_FLEX_CONSUMPTION.exec(JSON.stringify(site))?.[1]).toBeUndefined();
  });

  test('of one type are of one API version', () => {
    const versions = Map.groupBy(everything, ({ resource }) => resource.type);
    const mixed = [...versions].filter(([, all]) => new Set(all.map(({ resource }) => resource.apiVersion)).size > 1);
    expect(mixed.map(([type]) => type)).toEqual([]);
  });

  test('name an exact, dated API version', () => {
    const strange = everything.filter(({ resource }) => !/^\d{4}-\d{2}-\d{2}(-preview)?$/.test(resource.apiVersion));
    expect(strange.map(({ resource }) => resource.type)).toEqual([]);
  });

  test('of networks are of a version whose new subnets reach the internet: the app has no other way to Entra and Graph', () => {
    const networks = everything.filter(({ resource }) => resource.type === 'Microsoft.Network/virtualNetworks');
    expect(networks.length).toBeGreaterThan(0);
    for (const { resource } of networks) expect(resource.apiVersion < '2025-07-01').toBe(true);
  });

  test('that can log do so', () => {
    const logged = ofType(predicted('prod'), 'Microsoft.Insights/diagnosticSettings').map(({ id }) => {
      return /providers\/([^/]+\/[^/]+)\/[^/]+(?:\/(\w+)\/default)?\/providers\/Microsoft\.Insights/i
        .exec(id)
        ?.slice(1, 3)
        .join(' ')
        .trim();
    });
    expect(logged.toSorted()).toEqual([
      'Microsoft.KeyVault/vaults',
      'Microsoft.ServiceBus/namespaces',
      'Microsoft.Storage/storageAccounts blobServices',
      'Microsoft.Storage/storageAccounts tableServices',
      'Microsoft.Web/sites',
    ]);
  });

  test('are closed to the internet in a private network, but for named addresses', () => {
    for (const type of ['Microsoft.Storage/storageAccounts', 'Microsoft.KeyVault/vaults']) {
      expect(valueAt(ofType(predicted('prod'), type)[0], 'properties.networkAcls')).toMatchObject({
        defaultAction: 'Deny',
        ipRules: [{ value: '203.0.113.10' }],
      });
    }
    const [rules] = ofType(predicted('prod'), 'Microsoft.ServiceBus/namespaces/networkRuleSets');
    expect(valueAt(rules, 'properties')).toMatchObject({
      defaultAction: 'Deny',
      trustedServiceAccessEnabled: false,
      ipRules: [{ ipMask: '198.51.100.4' }, { ipMask: '198.51.100.5' }],
    });
  });

  test('of lookups let in one host for each address of prod', () => {
    const [site] = ofType(predicted('prod'), 'Microsoft.Web/sites');
    expect(addressesOf(site)).toEqual(['198.51.100.4/32', '198.51.100.5/32', '2001:db8::5/128']);
    expect(valueAt(site, 'properties.siteConfig.ipSecurityRestrictionsDefaultAction')).toBe('Deny');
  });

  test('of Service Bus are named after what cannot be changed: a private namespace is another one', () => {
    const nameOf = (resources: readonly PredictedResource[]) => ofType(resources, 'Microsoft.ServiceBus/namespaces')[0];
    expect(nameOf(predicted('prod'))).toMatchObject({
      name: expect.stringMatching(/-premium$/),
      sku: { tier: 'Premium' },
    });
    expect(nameOf(predicted('main'))).toMatchObject({
      name: expect.not.stringMatching(/premium/),
      sku: { tier: 'Standard' },
    });
  });
});

function addressesOf(site: unknown): unknown[] {
  return (valueAt(site, 'properties.siteConfig.ipSecurityRestrictions') as { ipAddress: string }[]).map(
    ({ ipAddress }) => ipAddress,
  );
}

/** A template as text, without those of its modules, which are looked at by themselves. */
function withoutModules({ resources, ...rest }: CompiledTemplate): string {
  const own = Object.values(resources).map((resource) =>
    resource.type === 'Microsoft.Resources/deployments'
      ? { ...resource, properties: { ...resource.properties, template: undefined } }
      : resource,
  );
  return JSON.stringify([rest, own]);
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
