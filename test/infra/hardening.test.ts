// What must hold in every template, whatever is added: no keys, no old TLS, nothing public, no secret that gets out.

import { describe, expect, it } from 'vitest';
import { bodyOf, declarations, readBicepFile, readBicepFiles, textAt } from './bicep-file.ts';

const files = readBicepFiles();
const templates = files.filter(({ path }) => path.endsWith('.bicep'));

describe('no key or secret', () => {
  it.each(files.map((file) => [file.path, file] as const))(
    'is asked for, built or handed on by %s',
    (_path, { text }) => {
      expect(text).not.toMatch(/\blist(Keys|AccountSas|ServiceSas|Secrets|Credentials|ConnectionStrings)?\s*\(/i);
      expect(text).not.toMatch(/\.list[A-Z]\w*\(/);
      expect(text).not.toMatch(
        /AccountKey=|SharedAccessKey|SharedAccessSignature|InstrumentationKey|primaryKey|\bsig=/i,
      );
      expect(text).not.toMatch(/passwordCredentials|secretText|-----BEGIN|PRIVATE KEY/);
      expect(text).not.toMatch(/Microsoft\.KeyVault\/vaults\/secrets/);
    },
  );

  it('is in an output', () => {
    const outputs = templates.flatMap((file) => declarations(file).filter(({ kind }) => kind === 'output'));
    const telling = outputs.filter(({ name, node }) => {
      return /secret|password|credential|key(?!vault)|connectionString|token/i.test(
        `${name} ${node.namedChildren.at(-1)?.text}`,
      );
    });
    expect(telling.map(({ name }) => name)).toEqual([]);
  });

  it('is in a parameter file: what looks random is not there', () => {
    /** Placeholders, names of settings, mail addresses. */
    const harmless = /^([0-]+|[A-Z][A-Z_0-9]+|[\w.-]+@example\.org)$/;
    const parameterFiles = files.filter(({ path }) => path.endsWith('.bicepparam'));
    const random = parameterFiles.flatMap(({ text }) => {
      return [...text.matchAll(/'([A-Za-z0-9+/_=@~.-]{24,})'/g)].map(([, value = '']) => value);
    });
    expect(random.length).toBeGreaterThan(0);
    expect(random.filter((value) => !harmless.test(value))).toEqual([]);
  });
});

/** What a resource of a type must say, whoever declares it. */
const MUST: Record<string, Record<string, string>> = {
  'Microsoft.Storage/storageAccounts': {
    'properties.allowSharedKeyAccess': 'false',
    'properties.allowBlobPublicAccess': 'false',
    'properties.allowCrossTenantReplication': 'false',
    'properties.defaultToOAuthAuthentication': 'true',
    'properties.minimumTlsVersion': "'TLS1_2'",
    'properties.supportsHttpsTrafficOnly': 'true',
  },
  'Microsoft.Storage/storageAccounts/blobServices/containers': { 'properties.publicAccess': "'None'" },
  'Microsoft.ServiceBus/namespaces': { 'properties.disableLocalAuth': 'true', 'properties.minimumTlsVersion': "'1.2'" },
  'Microsoft.KeyVault/vaults': {
    'properties.enableRbacAuthorization': 'true',
    'properties.enableSoftDelete': 'true',
  },
  'Microsoft.Insights/components': { 'properties.DisableLocalAuth': 'true' },
  'Microsoft.OperationalInsights/workspaces': { 'properties.features.disableLocalAuth': 'true' },
  'Microsoft.Web/sites': {
    'properties.httpsOnly': 'true',
    'properties.siteConfig.minTlsVersion': "'1.2'",
    'properties.siteConfig.scmMinTlsVersion': "'1.2'",
    'properties.functionAppConfig.deployment.storage.authentication.type': "'UserAssignedIdentity'",
    'properties.functionAppConfig.runtime.name': "'node'",
    'properties.functionAppConfig.runtime.version': "'24'",
  },
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies': { 'properties.allow': 'false' },
};

const resources = templates.flatMap((file) =>
  declarations(file)
    .filter(({ kind, node }) => kind === 'resource' && !/\bexisting\s*=/.test(node.text.split('{')[0] ?? ''))
    .map((resource) => ({ type: resource.of.split('@')[0] ?? '', version: resource.of.split('@')[1] ?? '', resource })),
);

describe.each(Object.entries(MUST))('%s', (type, properties) => {
  const ofType = resources.filter((each) => each.type === type);

  it('is declared', () => expect(ofType).not.toEqual([]));

  it.each(Object.entries(properties))('says %s: %s', (path, value) => {
    for (const { resource } of ofType) expect(textAt(bodyOf(resource), ...path.split('.'))).toBe(value);
  });
});

/** https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan, deprecated properties: Azure may refuse them. */
const NOT_ON_FLEX_CONSUMPTION =
  /\b(alwaysOn|ftpsState|use32BitWorkerProcess|linuxFxVersion|windowsFxVersion|netFrameworkVersion|functionAppScaleLimit|preWarmedInstanceCount|containerSize|isReserved|isXenon|vnetRouteAllEnabled|vnetContentShareEnabled|healthCheckPath|appSettings)\s*:/i;

describe('resources', () => {
  it('of Flex Consumption say nothing that this plan does not know', () => {
    const site = resources.find(({ type }) => type === 'Microsoft.Web/sites');
    expect(site && bodyOf(site.resource).text).toContain('functionAppConfig:');
    expect(NOT_ON_FLEX_CONSUMPTION.exec(site ? bodyOf(site.resource).text : '')?.[0]).toBeUndefined();
  });

  it('of one type are of one API version', () => {
    const versions = Map.groupBy(
      templates.flatMap((file) => declarations(file).filter(({ kind }) => kind === 'resource')),
      ({ of }) => of.split('@')[0],
    );
    const mixed = [...versions].filter(([, all]) => new Set(all.map(({ of }) => of)).size > 1);
    expect(mixed.map(([type]) => type)).toEqual([]);
  });

  it('name an exact, dated API version', () => {
    const strange = resources.filter(({ version }) => !/^(\d{4}-\d{2}-\d{2}(-preview)?|v1\.0)$/.test(version));
    expect(strange.map(({ type }) => type)).toEqual([]);
  });

  it('that can log do so', () => {
    const logged = resources.filter(({ type }) => type === 'Microsoft.Insights/diagnosticSettings');
    const scopes = logged.map(({ resource }) => textAt(bodyOf(resource), 'scope'));
    expect(scopes.toSorted()).toEqual(['blobs', 'functionApp', 'namespace', 'tableService', 'vault']);
  });

  it('are closed to the internet in a private network, but for named addresses', () => {
    const closing = /^isPrivate( && empty\((operator|relay)Addresses\))? \? 'Disabled' : 'Enabled'$/;
    for (const [path, name] of [
      ['infra/modules/storage.bicep', 'account'],
      ['infra/modules/key-vault.bicep', 'vault'],
      ['infra/modules/service-bus.bicep', 'namespace'],
    ] as const) {
      const found = declarations(readBicepFile(path)).find((each) => each.kind === 'resource' && each.name === name);
      expect(found && textAt(bodyOf(found), 'properties', 'publicNetworkAccess')).toMatch(closing);
    }
  });
});
