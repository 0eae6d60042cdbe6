// Who may do what: every role is a built-in one, assigned at the narrowest resource, for a reason that is in the code.

import { describe, expect, test } from 'vitest';
import { compiledTemplate, templatesIn } from './compiled.ts';
import { ofType, type PredictedResource, predicted, read, valueAt } from './deployment.ts';

/** As Azure has them: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
const BUILT_IN_ROLES: Record<string, string> = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
  storageTableDataReader: '76199698-9eea-4c19-bc75-cec21354c6b6',
  serviceBusDataSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39',
  serviceBusDataReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0',
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6',
  keyVaultSecretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb',
  monitoringReader: '43d0d8ad-25c7-4714-9337-8ba259a9fe05',
};

/** Every assignment there is: its name in the templates, role, at what, for whom, and the code that needs it. */
const ASSIGNMENTS = [
  ['functionOwnsBlobs', 'storageBlobDataOwner', 'storageAccounts', 'function', 'functions/poll.ts', 'app.timer('],
  [
    'functionReadsTables',
    'storageTableDataReader',
    'tables',
    'function',
    'shared/app/open-lookup.ts',
    'TableClientStore(',
  ],
  [
    'functionWritesTables',
    'storageTableDataContributor',
    'tables',
    'function',
    'shared/app/open-lookup.ts',
    'TableSessionStore(',
  ],
  [
    'operatorsWriteTables',
    'storageTableDataContributor',
    'tables',
    'operator',
    'shared/adapters/table-storage/tables.ts',
    'AzureCliCredential(',
  ],
  [
    'functionSends',
    'serviceBusDataSender',
    'site queue',
    'function',
    'shared/adapters/service-bus/service-bus-job-queue.ts',
    'createSender(',
  ],
  [
    'functionReceivesDeadLetters',
    'serviceBusDataReceiver',
    'site queue',
    'function',
    'shared/adapters/service-bus/service-bus-job-queue.ts',
    "subQueueType: 'deadLetter'",
  ],
  [
    'relayReceivesJobs',
    'serviceBusDataReceiver',
    'site queue',
    'relay',
    'relay/service-bus-jobs-queue.ts',
    'acceptSession(',
  ],
  [
    'relayReports',
    'serviceBusDataSender',
    'results queue',
    'relay',
    'relay/service-bus-results-queue.ts',
    'createSender(',
  ],
  [
    'functionReceivesResults',
    'serviceBusDataReceiver',
    'results queue',
    'function',
    'functions/coa-results.ts',
    'app.serviceBusQueue(',
  ],
  [
    'operatorsReadDeadLetters',
    'serviceBusDataReceiver',
    'results queue',
    'operator',
    'docs/operations.md',
    'Service Bus Explorer',
  ],
  [
    'functionReadsSecrets',
    'keyVaultSecretsUser',
    'vaults',
    'function',
    'infra/modules/app-settings.bicep',
    '@Microsoft.KeyVault(',
  ],
  ['operatorsKeepSecrets', 'keyVaultSecretsOfficer', 'vaults', 'operator', 'docs/deploy.md', 'az keyvault secret set'],
  [
    'functionPublishes',
    'monitoringMetricsPublisher',
    'components',
    'function',
    'infra/modules/app-settings.bicep',
    'Authorization=AAD',
  ],
  ['operatorsSeeMonitoring', 'monitoringReader', 'resource group', 'operator', 'docs/operations.md', '```kusto'],
] as const;

const TYPE = 'Microsoft.Authorization/roleAssignments';
const templates = templatesIn(await compiledTemplate());
const prod = ofType(predicted('prod'), TYPE);
const described = prod.map((assignment) => ({
  role: roleOf(assignment),
  at: placeOf(assignment),
  who: whoIs(assignment),
}));

describe('role assignments', () => {
  test('are these and no others', () => {
    const found = new Set(described.map(({ role, at, who }) => `${role} at ${at} for ${who}`));
    const expected = ASSIGNMENTS.map(([, role, at, who]) => `${role} at ${at} for ${who}`);
    expect([...found].toSorted()).toEqual(expected.toSorted());
  });

  test.each(ASSIGNMENTS)('%s (%s) is needed by the code', (_name, _role, _at, _who, path, evidence) => {
    expect(read(path)).toContain(evidence);
  });

  test('are called in the templates as in docs/security.md, each with its reason', () => {
    const declared = [...templates.values()].flatMap(({ resources }) =>
      Object.entries(resources).flatMap(([name, { type }]) => (type === TYPE ? [name] : [])),
    );
    expect(declared.toSorted()).toEqual(ASSIGNMENTS.map(([name]) => name).toSorted());
    const security = read('docs/security.md');
    expect(ASSIGNMENTS.map(([name]) => name).filter((name) => !security.includes(`| \`${name}\` |`))).toEqual([]);
  });

  test('each have a name of their own that only role, place and principal make', () => {
    const ids = prod.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { name } of prod) expect(name).toMatch(/^\[guid\(|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test('let the app read who may ask, and write every other table', () => {
    const tables = prod.filter((assignment) => placeOf(assignment) === 'tables' && whoIs(assignment) === 'function');
    const roles = Object.fromEntries(tables.map((assignment) => [tableOf(assignment), roleOf(assignment)]));
    expect(roles['clients']).toBe('storageTableDataReader');
    const others = Object.entries(roles).filter(([table]) => table !== 'clients');
    expect(others.length).toBeGreaterThan(5);
    expect(others.filter(([, role]) => role !== 'storageTableDataContributor')).toEqual([]);
  });

  test('let operators write the tables of their commands and no other', () => {
    const tables = prod.filter((assignment) => placeOf(assignment) === 'tables' && whoIs(assignment) === 'operator');
    expect(tables.map(tableOf).toSorted()).toEqual(['audit', 'clients', 'policies']);
  });

  test('let a relay take jobs of its own site alone', () => {
    const queues = prod.filter((assignment) => placeOf(assignment) === 'site queue' && whoIs(assignment) === 'relay');
    const byRelay = queues.map((assignment) => [
      String(valueAt(assignment, 'properties.principalId')).at(-1),
      /queues\/coa-([\w-]+)\//.exec(assignment.id)?.[1],
    ]);
    expect(byRelay).toEqual([
      ['1', 'hq'],
      ['2', 'hq'],
      ['3', 'plant-2'],
    ]);
  });

  test('are as many as docs/cost.md says, against the limit of a subscription', () => {
    const count = (wanted: (at: string, who: string) => boolean) =>
      described.filter(({ at, who }) => wanted(at, who)).length;
    const [sites, relays, operators] = [2, 3, 1];
    const deployment = count((at, who) => who === 'function' && at !== 'site queue');
    const site = count((at, who) => who === 'function' && at === 'site queue') / sites;
    const relay = count((_, who) => who === 'relay') / relays;
    const operator = count((_, who) => who === 'operator') / operators;
    expect(read('docs/cost.md')).toContain(
      `${deployment} per deployment, ${site} per site, ${relay} per relay, ${operator} per operator`,
    );
  });
});

describe('roles', () => {
  test('are built-in ones, under their own ids, and are all assigned', () => {
    const named = [...templates.values()].map(({ variables }) => variables?.['roles'] ?? {});
    expect(Object.assign({}, ...named)).toEqual(BUILT_IN_ROLES);
    expect([...new Set(described.map(({ role }) => role))].toSorted()).toEqual(Object.keys(BUILT_IN_ROLES).toSorted());
  });

  test('are assigned by those names, and by no id that stands elsewhere in a template', () => {
    const strange = [...templates.values()].flatMap(({ variables, resources, parameters, outputs }) => {
      const { roles: _, ...others } = variables ?? {};
      const modules = Object.values(resources).filter(({ type }) => type !== 'Microsoft.Resources/deployments');
      const text = JSON.stringify([others, modules, parameters, outputs]);
      return text.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi) ?? [];
    });
    expect(strange).toEqual([]);
    const byName = [...templates.values()].flatMap(({ resources }) =>
      Object.values(resources).flatMap(({ type, properties }) =>
        type === TYPE ? [String(properties['roleDefinitionId'])] : [],
      ),
    );
    expect(byName).toHaveLength(ASSIGNMENTS.length);
    for (const id of byName) expect(id).toMatch(/variables\('roles'\)\.\w+\)\]$/);
  });
});

function roleOf(assignment: PredictedResource): string {
  const id = String(valueAt(assignment, 'properties.roleDefinitionId')).split('/').at(-1);
  return Object.entries(BUILT_IN_ROLES).find(([, known]) => known === id)?.[0] ?? `unknown role ${id}`;
}

/** At what it is assigned: the resource before the assignment's own part of the id. */
function placeOf({ id }: PredictedResource): string {
  const scope = scopeOf(id);
  if (/\/queues\/coa-results$/.test(scope)) return 'results queue';
  if (/\/queues\/coa-[\w-]+$/.test(scope)) return 'site queue';
  return scope.includes('/providers/') ? (scope.split('/').at(-2) ?? '') : 'resource group';
}

function tableOf({ id }: PredictedResource): string {
  return scopeOf(id).split('/').at(-1) ?? '';
}

function scopeOf(id: string): string {
  const expression = /^\[extensionResourceId\('([^']+)'/.exec(id)?.[1];
  return expression ?? id.slice(0, id.indexOf(`/providers/${TYPE}`));
}

function whoIs(assignment: PredictedResource): string {
  const principal = String(valueAt(assignment, 'properties.principalId'));
  if (principal.includes('userAssignedIdentities')) return 'function';
  return principal.endsWith('0') ? 'operator' : 'relay';
}
