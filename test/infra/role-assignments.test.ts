// Who may do what: every role is a built-in one, assigned at the narrowest resource, for a reason that is in the code.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  declaration,
  declarations,
  literalsOf,
  nodesOfType,
  propertiesOf,
  ROOT,
  readBicepFile,
  readBicepFiles,
  textAt,
} from './bicep-file.ts';

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
};

/** Every assignment there is: role, at what, for whom, and the code that needs it. */
const ASSIGNMENTS = [
  ['functionOwnsBlobs', 'storageBlobDataOwner', 'account', 'functionPrincipalId', 'functions/poll.ts', 'app.timer('],
  [
    'functionReadsTables',
    'storageTableDataReader',
    'tables[indexOf(tableNames, table)]',
    'functionPrincipalId',
    'shared/app/open-lookup.ts',
    'TableClientStore(',
  ],
  [
    'functionWritesTables',
    'storageTableDataContributor',
    'tables[indexOf(tableNames, table)]',
    'functionPrincipalId',
    'shared/app/open-lookup.ts',
    'TableSessionStore(',
  ],
  [
    'operatorsWriteTables',
    'storageTableDataContributor',
    'tables[indexOf(tableNames, entry.table)]',
    'entry.principalId',
    'shared/adapters/table-storage/tables.ts',
    'AzureCliCredential(',
  ],
  [
    'functionSends',
    'serviceBusDataSender',
    'queue',
    'functionPrincipalId',
    'shared/adapters/service-bus/service-bus-job-queue.ts',
    'createSender(',
  ],
  [
    'functionReceivesDeadLetters',
    'serviceBusDataReceiver',
    'queue',
    'functionPrincipalId',
    'shared/adapters/service-bus/service-bus-job-queue.ts',
    "subQueueType: 'deadLetter'",
  ],
  [
    'relayReceivesJobs',
    'serviceBusDataReceiver',
    'queue',
    'relay',
    'relay/service-bus-jobs-queue.ts',
    'acceptSession(',
  ],
  [
    'relayReports',
    'serviceBusDataSender',
    'resultsQueue',
    'relay',
    'relay/service-bus-results-queue.ts',
    'createSender(',
  ],
  [
    'functionReceivesResults',
    'serviceBusDataReceiver',
    'resultsQueue',
    'functionPrincipalId',
    'functions/coa-results.ts',
    'app.serviceBusQueue(',
  ],
  [
    'functionReadsSecrets',
    'keyVaultSecretsUser',
    'vault',
    'functionPrincipalId',
    'infra/modules/app-settings.bicep',
    '@Microsoft.KeyVault(',
  ],
  [
    'operatorsKeepSecrets',
    'keyVaultSecretsOfficer',
    'vault',
    'someone.principalId',
    'docs/deploy.md',
    'az keyvault secret set',
  ],
  [
    'functionPublishes',
    'monitoringMetricsPublisher',
    'applicationInsights',
    'functionPrincipalId',
    'infra/modules/app-settings.bicep',
    'Authorization=AAD',
  ],
] as const;

const found = readBicepFiles().flatMap((file) =>
  declarations(file)
    .filter(({ kind, of }) => kind === 'resource' && of.startsWith('Microsoft.Authorization/roleAssignments@'))
    .map((assignment) => ({ file, assignment, body: bodyOf(assignment) })),
);

describe('role assignments', () => {
  it('are these and no others', () => {
    const listed = found.map(({ assignment, body }) => [
      assignment.name,
      /roles\.(\w+)/.exec(textAt(body, 'properties', 'roleDefinitionId') ?? '')?.[1],
      textAt(body, 'scope'),
      textAt(body, 'properties', 'principalId'),
    ]);
    expect(listed.toSorted()).toEqual(ASSIGNMENTS.map((assignment) => assignment.slice(0, 4)).toSorted());
  });

  it.each(ASSIGNMENTS)('%s (%s) is needed by the code', (_name, _role, _scope, _who, path, evidence) => {
    expect(readFileSync(join(ROOT, path), 'utf8')).toContain(evidence);
  });

  it.each(found.map((each) => [each.assignment.name, each] as const))(
    '%s is named after what it says',
    (_name, { body }) => {
      const role = /roles\.\w+/.exec(textAt(body, 'properties', 'roleDefinitionId') ?? '')?.[0] ?? 'none';
      expect(textAt(body, 'name')).toMatch(/^guid\(/);
      expect(textAt(body, 'name')).toContain(role);
      expect(textAt(body, 'name')).toContain(textAt(body, 'properties', 'principalId'));
      expect(textAt(body, 'properties', 'principalType')).toMatch(
        /^('ServicePrincipal'|(someone|entry)\.principalType)$/,
      );
    },
  );

  it('are documented, each with its reason', () => {
    const security = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
    expect(ASSIGNMENTS.map(([name]) => name).filter((name) => !security.includes(`\`${name}\``))).toEqual([]);
  });

  it('are as many as docs/cost.md says, against the limit of a subscription', () => {
    const storage = readBicepFile('infra/modules/storage.bicep');
    const tables = (name: string) => literalsOf(declaration(storage, name).node.namedChildren.at(-1) ?? storage.root);
    const writable = tables('tableNames').length - tables('readOnlyTableNames').length;
    const times: Record<string, number> = {
      functionReadsTables: tables('readOnlyTableNames').length,
      functionWritesTables: writable,
      operatorsWriteTables: tables('operatorTableNames').length,
    };
    const count = (belongs: (scope: string, who: string) => boolean) =>
      ASSIGNMENTS.filter(([, , scope, who]) => belongs(scope, who)).reduce(
        (sum, [name]) => sum + (times[name] ?? 1),
        0,
      );
    const isFunction = (who: string) => who === 'functionPrincipalId';
    const deployment = count((scope, who) => isFunction(who) && scope !== 'queue');
    const site = count((scope, who) => isFunction(who) && scope === 'queue');
    const relay = count((_, who) => who === 'relay');
    const operator = count((_, who) => !isFunction(who) && who !== 'relay');
    expect(readFileSync(join(ROOT, 'docs/cost.md'), 'utf8')).toContain(
      `${deployment} per deployment, ${site} per site, ${relay} per relay, ${operator} per operator`,
    );
  });
});

describe('roles', () => {
  const file = readBicepFile('infra/modules/roles.bicep');
  const object = nodesOfType(declaration(file, 'roles').node, 'object')[0];
  const roles = new Map([...(object ? propertiesOf(object) : [])].map(([name, { text }]) => [name, text.slice(1, -1)]));

  it('are built-in ones, under their own ids', () => {
    expect(Object.fromEntries(roles)).toEqual(BUILT_IN_ROLES);
  });

  it('are all assigned', () => {
    const assigned = new Set<string>(ASSIGNMENTS.map(([, role]) => role));
    expect([...roles.keys()].filter((name) => !assigned.has(name))).toEqual([]);
  });

  it('appear nowhere else as a GUID', () => {
    const guid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
    /** Microsoft Graph and the Intune API; placeholders of the samples. */
    const others = [
      '00000003-0000-0000-c000-000000000000',
      'c161e42e-d4df-4a3d-9b42-e7a3c31f59d4',
      '00000000-0000-0000-0000-000000000000',
    ];
    const strange = readBicepFiles()
      .filter(({ path }) => path !== file.path)
      .flatMap(({ path, text }) => [...text.matchAll(guid)].map(([id]) => `${path}: ${id}`));
    expect(strange.filter((line) => !others.some((known) => line.endsWith(known)))).toEqual([]);
  });
});
