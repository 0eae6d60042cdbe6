// What Azure would refuse half-way, with some resources made already, is refused before the first one, all of it in one
// message.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isClientOrSiteName } from '../../shared/domain/client.ts';
import { type BicepServer, startBicepServer } from './bicep-server.ts';
import { compiledTemplate, type Parameter, templatesIn } from './compiled.ts';
import { ofType, type PredictedResource, predicted, ROOT, valueAt } from './deployment.ts';

let folder: string;
let bicep: BicepServer;

beforeAll(() => {
  bicep = startBicepServer();
  folder = mkdtempSync(join(tmpdir(), 'nac-names-'));
  cpSync(join(ROOT, 'infra'), join(folder, 'infra'), { recursive: true });
});

afterAll(async () => {
  await bicep.stop();
  rmSync(folder, { recursive: true, force: true });
});

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

test('ids, addresses and amounts that Azure would not take are all named', async () => {
  const id = '3f2504e0-4f89-11d3-9a0c-0305e82c3301';
  // RFC 4291, section 2.2: eight groups of up to four digits, or fewer with one `::`.
  const groups = ['1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2:3:4:5:6:7:8', '2001:db8:0:12345::1', '2001:db8::g'];
  const notIPv6 = [
    ...groups,
    ':::',
    '2001:db8::1::2',
    ':2001:db8::1',
    '1.2.3.4::1',
    '2001:db8::1.2.3',
    '2001:db8::5/129',
  ];
  const refused = String(
    await predictWith(`
      param entraTenantId = 'contoso.onmicrosoft.com'
      param sites = [{ name: 'lab', relayPrincipalIds: ['${id}', '${id.toUpperCase()}', '', 'nac-relay-hq-1', '${id}0'] }]
      param operators = [
        { principalId: 'me@contoso.com', principalType: 'User' }
        { principalId: '${id}', principalType: 'User' }
        { principalId: '${id}', principalType: 'Group' }
      ]
      param alwaysReadyHttpInstances = 41
      param logDailyCapGigabytes = 0
      param lookupAddresses = ['radius.example.org', '203.0.113.256', '203.0.113.0/33', '203.0.113.7, 203.0.113.8', '', '${notIPv6.join("', '")}']
      param consoleAddresses = ['people.example.org', '198.51.100.0/24']
      param network = {
        addressPrefix: '10.90.0.0/26'
        privateInbound: false
        operatorAddresses: ['10.1.2.3', '172.31.0.1', '192.168.0.0/16', '203.0.113.6/31', '2001:db8::5']
        relayAddresses: ['172.16.0.1', '2001:db8::6', '203.0.113']
      }
      param alertWhen = { emailAddresses: ['operators', '@example.org', 'operators@'], lookupMilliseconds: 1, errorPercent: 1, credentialDays: 1 }
    `).catch((error: Error) => error),
  );
  for (const sentence of [
    '"contoso.onmicrosoft.com" in entraTenantId',
    `"${id}" stands twice in relayPrincipalIds of the site lab`,
    '"" in relayPrincipalIds of the site lab must be an object id',
    '"nac-relay-hq-1" in relayPrincipalIds',
    `"${id}0" in relayPrincipalIds`,
    '"me@contoso.com" in operators must be an object id',
    `"${id}" stands twice in operators`,
    'alwaysReadyHttpInstances must not be above maximumInstanceCount',
    'logDailyCapGigabytes must be 1 or more',
    ...['radius.example.org', '203.0.113.256', '203.0.113.0/33', '203.0.113.7, 203.0.113.8', '', ...notIPv6].map(
      (address) => `"${address}" in lookupAddresses`,
    ),
    '"people.example.org" in consoleAddresses must be an address',
    'network.addressPrefix "10.90.0.0/26" must be a block from /8 to /25',
    ...['10.1.2.3', '172.31.0.1', '192.168.0.0/16'].map((one) => `"${one}" in network.operatorAddresses is private`),
    '"203.0.113.6/31" in network.operatorAddresses: storage takes no /31',
    '"2001:db8::5" in network.operatorAddresses must be an IPv4 address',
    '"172.16.0.1" in network.relayAddresses is private',
    '"203.0.113" in network.relayAddresses must be an IPv4 address',
    ...['operators', '@example.org', 'operators@'].map((one) => `"${one}" in alertWhen.emailAddresses`),
  ]) {
    expect.soft(refused).toContain(sentence);
  }
});

test.each(['10.90.0.5/24', 'fd00::/24'])('a virtual network of "%s" is refused', async (addressPrefix) => {
  const network = `{ addressPrefix: '${addressPrefix}', privateInbound: false, operatorAddresses: [], relayAddresses: [] }`;
  await expect(predictWith(`param network = ${network}`)).rejects.toThrow('network.addressPrefix');
});

test('what a module bounds is bounded where the parameter comes in, before the first resource', async () => {
  const template = await compiledTemplate();
  const bounds = ({ minValue, maxValue, allowedValues }: Parameter = {}) => ({ minValue, maxValue, allowedValues });
  const inner = [...templatesIn(template)].filter(([module]) => module !== '');
  const compared: string[] = [];
  for (const [module, { parameters = {} }] of inner) {
    for (const [name, parameter] of Object.entries(parameters)) {
      if (!(name in (template.parameters ?? {}))) continue;
      if (Object.values(bounds(parameter)).every((bound) => bound === undefined)) continue;
      expect.soft(bounds(template.parameters?.[name]), `${module}: ${name}`).toEqual(bounds(parameter));
      compared.push(name);
    }
  }
  expect(compared.length).toBeGreaterThan(2);
  expect(bounds(template.parameters?.['logRetentionDays'])).toMatchObject({ minValue: 30, maxValue: 730 });
});

test('what is private is closed to the internet where no address is let in, and where one is, to all others', async () => {
  const network = (addresses: string): string =>
    `{ addressPrefix: '10.90.0.0/24', privateInbound: true, operatorAddresses: ${addresses}, relayAddresses: ${addresses} }`;
  const access = (resources: readonly PredictedResource[]) =>
    ['Microsoft.Storage/storageAccounts', 'Microsoft.KeyVault/vaults', 'Microsoft.ServiceBus/namespaces'].map((type) =>
      valueAt(ofType(resources, type)[0], 'properties.publicNetworkAccess'),
    );
  const closed = await predictWith(`param network = ${network('[]')}`);
  expect(access(closed)).toEqual(Array(3).fill('Disabled'));
  expect(valueAt(ofType(closed, 'Microsoft.Web/sites')[0], 'properties.publicNetworkAccess')).toBe('Disabled');
  expect(access(predicted('prod'))).toEqual(Array(3).fill('Enabled'));
});

test('addresses of people alone are refused: no RADIUS server would reach the app', async () => {
  const alone = predictWith("param lookupAddresses = []\nparam consoleAddresses = ['198.51.100.0/24']");
  await expect(alone).rejects.toThrow('would shut the RADIUS servers out');
  const both = await predictWith(
    "param lookupAddresses = ['203.0.113.7']\nparam consoleAddresses = ['198.51.100.0/24']",
  );
  const app = both.find(({ type }) => type === 'Microsoft.Web/sites');
  expect(valueAt(app, 'properties.siteConfig.ipSecurityRestrictions')).toMatchObject([
    { name: 'radius-0', ipAddress: '203.0.113.7/32' },
    { name: 'console-0', ipAddress: '198.51.100.0/24' },
  ]);
});

test('what Azure takes is taken: addresses of both kinds, blocks, one address as /32, empty lists', async () => {
  const written = await predictWith(`
    param location = 'West Europe'
    param sites = []
    param operators = []
    param lookupAddresses = ['203.0.113.7', '203.0.113.0/25', '2001:db8::5', '2001:db8::/48', '10.0.0.0/8', '::ffff:203.0.113.9', '::/0', '2001:DB8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5::', '1:2:3:4:5:6:203.0.113.9']
    param network = {
      addressPrefix: '10.90.0.0/25'
      privateInbound: true
      operatorAddresses: ['203.0.113.7/32', '172.15.0.1', '172.32.0.0/16', '1.2.3.0/30']
      relayAddresses: ['198.51.100.4/31']
    }
  `);
  const account = written.find(({ type }) => type === 'Microsoft.Storage/storageAccounts');
  expect(valueAt(account, 'properties.networkAcls.ipRules')).toEqual(
    ['203.0.113.7', '172.15.0.1', '172.32.0.0/16', '1.2.3.0/30'].map((value) => ({ value, action: 'Allow' })),
  );
  // The region is written otherwise than in the sample, whose names these are.
  const [sample] = ofType(predicted('dev'), 'Microsoft.Storage/storageAccounts');
  expect(account?.name).toBe(sample?.name);
});

test('a region without Flex Consumption ends the deployment before anything else is made', async () => {
  const { resources } = await compiledTemplate();
  const waitsForPlan = (name: string): boolean =>
    resources[name]?.dependsOn?.some((other) => other === 'plan' || waitsForPlan(other)) === true;
  const modules = Object.keys(resources).filter((name) => resources[name]?.type === 'Microsoft.Resources/deployments');
  expect(modules).toContain('storage');
  expect(modules.filter((name) => name !== 'plan' && !waitsForPlan(name))).toEqual([]);
});

/** Sites without relays, in the dev sample. */
function predict(sites: readonly string[], name = 'nacdev'): Promise<PredictedResource[]> {
  const list = sites.map((site) => `{ name: '${site}', relayPrincipalIds: [] }`).join(',');
  return predictWith(`param name = '${name}'\nparam sites = [${list}]`);
}

/** @param parameters in the language of parameter files; they take the place of those of the dev sample */
async function predictWith(parameters: string): Promise<PredictedResource[]> {
  const file = join(folder, 'infra/dev.bicepparam');
  let text = readFileSync(join(ROOT, 'infra/dev.bicepparam'), 'utf8');
  for (const [, name] of parameters.matchAll(/^\s*param (\w+) =/gm)) {
    text = text.replace(new RegExp(`^param ${name} = (?:[[{][\\s\\S]*?^[\\]}]|.*)$`, 'm'), '');
  }
  writeFileSync(file, `${text}\n${parameters}\n`);
  return (await bicep.predict(file)).predictedResources;
}
