// The app registration asks for the permissions the code uses, and infra/identity says so in a form Entra takes: as the
// compiler builds it with the types of Microsoft Graph.

import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runBicep, snapshot } from '../../scripts/bicep.ts';
import { APP_ROLES, grantsOfRoles } from '../../shared/domain/grants.ts';
import { CONSOLE_SCOPE } from '../../shared/ports/console-registration.ts';
import { predicted, ROOT, read, valueAt } from './deployment.ts';

interface Resource {
  readonly type: string;
  readonly existing?: boolean;
  readonly properties: Record<string, unknown>;
}

interface Template {
  readonly parameters: Record<string, { defaultValue?: unknown; minLength?: number; maxLength?: number }>;
  readonly variables: Record<string, string>;
  readonly outputs: Record<string, unknown>;
  readonly resources: Record<string, Resource>;
}

/** Permission, the switch that leaves it out, and what in the code needs it. */
const PERMISSIONS = [
  ['DeviceManagementManagedDevices.Read.All', 'managedDevices', 'deviceManagement/managedDevices'],
  ['Application.Read.All', 'complianceRetrieval', 'servicePrincipals'],
  ['get_device_compliance', 'complianceRetrieval', 'ComplianceRetrievalService'],
  ['Device.Read.All', 'deviceDelta', 'devices/delta'],
  ['User.Read.All', 'directoryUsers', 'users/delta'],
  ['GroupMember.Read.All', 'directoryGroups', 'transitiveMembers'],
] as const;

const EXTENSION = 'br:mcr.microsoft.com/bicep/extensions/microsoftgraph/v1.0:1.0.0';
const intuneSource = globSync('shared/adapters/{entra,graph,intune}/**/*.ts', { cwd: ROOT }).map(read).join('\n');
let folder: string;
let template: Template;
let messages: string;
/** infra/identity/console.bicep, by itself. */
let signIn: Template;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nac-identity-'));
  cpSync(join(ROOT, 'infra'), join(folder, 'infra'), { recursive: true });
  const types = process.env['GRAPH_BICEP_TYPES'];
  if (types) await useTypes(types);
  const { stdout, stderr } = await runBicep(['build', join(folder, 'infra/identity/main.bicep'), '--stdout']);
  template = JSON.parse(stdout);
  messages = stderr;
  const built = await runBicep(['build', join(folder, 'infra/identity/console.bicep'), '--stdout']);
  signIn = JSON.parse(built.stdout);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('infra/identity', () => {
  test('builds without a word, its parameters too', async () => {
    expect(messages).not.toMatch(/Warning|Error/);
    const built = await runBicep(['build-params', join(folder, 'infra/identity/main.bicepparam'), '--stdout']);
    expect(built.stderr).not.toMatch(/Warning|Error/);
  });

  test('pins the Microsoft Graph extension', () => {
    expect(read('infra/bicepconfig.json')).toContain(`"microsoftGraphV1": "${EXTENSION}"`);
  });

  // https://learn.microsoft.com/graph/api/serviceprincipal-upsert: to write that of a multitenant application takes
  // Global, Application or Cloud Application Administrator; Application Developer is enough for one's own.
  test('only looks up Microsoft’s own service principals', () => {
    const principals = ofType('Microsoft.Graph/servicePrincipals@v1.0');
    const existing = principals.filter(([, { existing }]) => existing).map(([name]) => name);
    expect(existing.toSorted()).toEqual(['graph', 'intune']);
    const written = principals.filter(([, { existing }]) => !existing);
    for (const [, { properties }] of written)
      expect(String(properties['appId'])).toMatch(/reference\(.*pplication.*\)\.appId/);
    expect(read('docs/deploy.md')).toContain(`az ad sp create --id ${template.variables['intuneAppId']}`);
  });

  test('trusts the managed identity in the form Entra expects: its object id, its tenant, the exchange audience', () => {
    const [[, credential] = []] = ofType('Microsoft.Graph/applications/federatedIdentityCredentials@v1.0');
    expect(credential?.properties).toMatchObject({
      audiences: ['api://AzureADTokenExchange'],
      issuer: "[format('{0}{1}/v2.0', environment().authentication.loginEndpoint, tenant().tenantId)]",
      subject: "[reference('identity').outputs.principalId.value]",
    });
    expect(read('shared/settings/national-clouds.ts')).toContain("'api://AzureADTokenExchange'");
  });

  test('names the managed identity as infra/main.bicep does, so that both mean the same one', () => {
    const identity = template.resources['identity'] as unknown as {
      properties: { parameters: { name: { value: string } } };
    };
    expect(identity.properties.parameters.name.value).toBe("[format('id-{0}', variables('checkedName'))]");
    expect(predicted('prod').map(({ name }) => name)).toContain('id-nac');
    const limits = /@minLength\((\d+)\)\n@maxLength\((\d+)\)\nparam name string/.exec(read('infra/main.bicep')) ?? [];
    const { minLength, maxLength } = template.parameters['name'] ?? {};
    expect([minLength, maxLength]).toEqual(limits.slice(1).map(Number));
  });

  test('refuses before the first resource what Entra would refuse after it: no certificate, a name twice', async () => {
    const sample = read('infra/identity/main.bicepparam');
    await expect(predictedNames(sample)).rejects.toThrow(
      'The `key` of the certificate "CN=nac-relay-hq-1" is none: npm run --silent key-credentials',
    );
    const relay = (name: string, key: string) =>
      `{ name: '${name}', site: 'hq', certificates: [{ displayName: 'CN=x', key: '${key}', startDateTime: '', endDateTime: '' }] }`;
    const withRelays = (...relays: string[]) =>
      predictedNames(`using 'main.bicep'\nparam relays = [${relays.join(', ')}]`);
    const refused = withRelays(relay('hq-1', '-----BEGIN CERTIFICATE-----'), relay('HQ-1', 'MIIC'));
    await expect(refused).rejects.toThrow(/Two relays are called "HQ-1".*"CN=x" is none/);
    expect(await withRelays(relay('hq-1', 'MIIC'), relay('hq-2', 'MIID'))).toContain('id-nac');
  });

  test('gives relays an application each, and no permission', () => {
    const relays = template.resources['relayApplications'];
    expect(relays?.properties).not.toHaveProperty('requiredResourceAccess');
    expect(String(relays?.properties['uniqueName'])).toContain('relay');
    for (const [, { properties }] of ofType('Microsoft.Graph/appRoleAssignedTo@v1.0')) {
      expect(String(properties['principalId'])).not.toMatch(/relay/i);
    }
  });

  test('asks for no secret, makes none, hands none on, and has none in its parameters', async () => {
    expect(JSON.stringify(template)).not.toMatch(
      /\blist\w*\(|passwordCredentials|secretText|PRIVATE KEY|secure(string|object)/i,
    );
    const outputs = Object.keys(template.outputs);
    expect(outputs.length).toBeGreaterThan(1);
    expect(outputs.filter((name) => /secret|password|credential|key|token/i.test(name))).toEqual([]);
    const { stdout } = await runBicep(['build-params', join(folder, 'infra/identity/main.bicepparam'), '--stdout']);
    expect(JSON.parse(stdout).parametersJson).not.toMatch(/PRIVATE KEY|"[A-Za-z0-9+/_~.-]{24,}={0,2}"/);
  });

  test('uses certificates only to verify', () => {
    expect(JSON.stringify(template.resources['application']).match(/AsymmetricX509Cert/g)).toHaveLength(1);
    for (const name of ['application', 'relayApplications']) {
      const text = JSON.stringify(template.resources[name]);
      expect(text).toContain('AsymmetricX509Cert');
      expect(text).toContain('Verify');
      expect(text).not.toMatch(/passwordCredentials|"Sign"/);
    }
  });
});

describe('the registration of the console', () => {
  const properties = (name: string): Record<string, unknown> => signIn.resources[name]?.properties ?? {};

  test('is a second one, with no permission of an app, no secret and no certificate', () => {
    const text = JSON.stringify(signIn);
    expect(text).not.toMatch(/passwordCredentials|keyCredentials|"Role"|DeviceManagement|\blist\w*\(/);
    expect(text).toContain("'type', 'Scope'");
    expect(properties('application')).toMatchObject({ signInAudience: 'AzureADMyOrg', groupMembershipClaims: 'None' });
    expect(template.resources['application']?.properties).not.toHaveProperty('spa');
  });

  test('gives the page tokens of version 2, for the scope that the page and the API name', () => {
    const api = properties('application')['api'] as Record<string, unknown>;
    expect(api['requestedAccessTokenVersion']).toBe(2);
    expect(signIn.variables['scopeName']).toBe(CONSOLE_SCOPE);
    expect(api['oauth2PermissionScopes']).toMatchObject([{ value: "[variables('scopeName')]", isEnabled: true }]);
    // Named by its client id: a URI would be refused at the first refresh.
    expect(properties('application')).not.toHaveProperty('identifierUris');
  });

  test('leads back to the address of the page alone, as a single-page application', () => {
    const { redirectUris } = properties('application')['spa'] as { redirectUris: string };
    expect(redirectUris).toContain("format('https://{0}/console/', lambdaVariables('host'))");
    expect(redirectUris).toContain("if(parameters('localConsole'), createArray('https://localhost/console/')");
    expect(JSON.stringify(properties('application')['web'])).not.toContain('redirectUris');
  });

  test('has the roles that the API reads, for people alone, under ids that follow from their names', () => {
    const kinds = signIn.variables['kinds'] as unknown as { value: string; bySite: boolean }[];
    expect(Object.fromEntries(kinds.map(({ value, bySite }) => [value, bySite]))).toEqual(
      Object.fromEntries(Object.entries(APP_ROLES).map(([name, { bySite }]) => [name, bySite])),
    );
    const appRoles = String(properties('application')['appRoles']);
    expect(appRoles).toContain("guid(variables('checkedName'), 'role', lambdaVariables('role').value)");
    expect(appRoles).toContain("'allowedMemberTypes', createArray('User')");
    expect(properties('application')['appRoles']).not.toContain('Application');
    for (const site of ['hq', 'a-site']) expect(grantsOfRoles([`NAC.Operator.${site}`]).act).toEqual(new Set([site]));
  });

  test('is for those who were assigned to it, and an administrator consents for them', () => {
    expect(properties('servicePrincipal')).toMatchObject({ appRoleAssignmentRequired: true });
    const grants = Object.values(signIn.resources).filter(({ type }) => type.includes('oauth2PermissionGrants'));
    expect(grants.map((grant) => grant.properties)).toMatchObject([
      {
        consentType: 'AllPrincipals',
        scope: "[variables('scopeName')]",
        resourceId: "[reference('servicePrincipal').id]",
      },
      { consentType: 'AllPrincipals', resourceId: "[reference('graph').id]" },
    ]);
    expect(signIn.variables['signInScopes']).toEqual(['openid', 'profile', 'offline_access']);
  });

  test('is refused before the first resource with what Entra, or the app, would not take', async () => {
    const refused = predictedNames(`using 'main.bicep'
      param consoleHostNames = ['https://nac.example', '*.example']
      param sites = ['HQ', 'hq']
      param consoleRoles = [{ principalId: '', role: 'NAC.Administrator.hq' }]
    `);
    const said = String(await refused.catch((error: Error) => error));
    for (const problem of [
      ...['The site "HQ" must be called', 'Two sites are called "HQ"', 'There is no role "NAC.Administrator.hq"'],
      ...['"https://nac.example" in hostNames', '"*.example" in hostNames'],
    ]) {
      expect(said).toContain(problem);
    }
  });
});

describe('permissions', () => {
  test('are these, each behind its switch', () => {
    const granted = rolesBySwitch();
    expect(granted.toSorted()).toEqual(PERMISSIONS.map(([role, name]) => `${role} if ${name}`).toSorted());
  });

  test('only ever read', () => {
    const asked = PERMISSIONS.map(([role]) => role);
    expect(asked.filter((role) => !/\.Read\.All$|^get_/.test(role))).toEqual([]);
  });

  test.each(PERMISSIONS)('%s is documented with its reason, for the portal too', (permission) => {
    expect(read('docs/security.md')).toContain(`\`${permission}\``);
    expect(read('docs/deploy.md')).toContain(`\`${permission}\``);
  });

  test('that the code does not use are not asked for unless switched on', () => {
    const onByDefault = PERMISSIONS.filter(([, name]) => template.parameters[name]?.defaultValue === true);
    expect(onByDefault.filter(([, , use]) => !intuneSource.includes(use))).toEqual([]);
    expect(onByDefault.map(([role]) => role)).not.toContain('Device.Read.All');
  });

  test('are granted, not only asked for', () => {
    const consents = ofType('Microsoft.Graph/appRoleAssignedTo@v1.0').map(([, { properties }]) => properties);
    expect(consents.map(({ resourceId }) => resourceId).toSorted()).toEqual([
      "[reference('graph').id]",
      "[reference('intune').id]",
    ]);
    for (const { principalId } of consents) expect(principalId).toBe("[reference('servicePrincipal').id]");
    expect(valueAt(template.resources['application'], 'properties.requiredResourceAccess')).toMatch(
      /graphRoles.*intuneRoles/,
    );
  });
});

function rolesBySwitch(): string[] {
  const texts = ['graphRoles', 'intuneRoles'].map((name) => template.variables[name] ?? '');
  return texts.flatMap((text) =>
    [...text.matchAll(/if\(parameters\('(\w+)'\), createArray\('([\w.]+)'\), createArray\(\)\)/g)].map(
      ([, name, role]) => `${role} if ${name}`,
    ),
  );
}

function ofType(type: string): [string, Resource][] {
  return Object.entries(template.resources).filter(([, resource]) => resource.type === type);
}

/** Of the Azure resources that a deployment with this parameter file would make; those of Entra are not predicted. */
async function predictedNames(parameters: string): Promise<unknown[]> {
  writeFileSync(join(folder, 'infra/identity/tried.bicepparam'), parameters);
  await snapshot('overwrite', join(folder, 'infra/identity/tried.bicepparam'), ['--resource-group', 'rg-nac']);
  const { predictedResources } = JSON.parse(readFileSync(join(folder, 'infra/identity/tried.snapshot.json'), 'utf8'));
  return predictedResources.map(({ name }: { name: string }) => name);
}

/**
 * Makes an extension of the types and has the copied bicepconfig.json name it, where Microsoft's registry is not
 * reached.
 */
async function useTypes(types: string): Promise<void> {
  const extension = join(folder, 'graph.tgz');
  await runBicep(['publish-extension', join(types, 'index.json'), '--target', extension]);
  const config = join(folder, 'infra/bicepconfig.json');
  writeFileSync(config, readFileSync(config, 'utf8').replace(EXTENSION, extension));
}
