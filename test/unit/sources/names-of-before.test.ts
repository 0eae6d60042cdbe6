// Devices are stored under the name of their source. A name that was one customer's is given to no other's tenant or
// server, by whichever way a version comes into force: its devices would count at that other's sites.

import { describe, expect, test } from 'vitest';
import { TableTaskStore } from '../../../shared/adapters/table-storage/table-task-store.ts';
import { readSources } from '../../../shared/adapters/yaml/read-sources.ts';
import { definitionsOfSettings } from '../../../shared/app/definitions-of-settings.ts';
import { sourceDefaults } from '../../../shared/app/open-source-definitions.ts';
import { openSourcesAdmin, type SourcesAdmin } from '../../../shared/app/open-sources-admin.ts';
import { readRemembered, remember } from '../../../shared/app/remembered-sources.ts';
import { setUpSource } from '../../../shared/app/set-up-source.ts';
import { secretsOf } from '../../../shared/app/source-secrets.ts';
import { SourcesError } from '../../../shared/errors.ts';
import { readSettings } from '../../../shared/settings.ts';
import { standingClock } from '../../support/adjustable-clock.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { memoryStore } from '../../support/memory-store.ts';

const A = 'aaaaaaaa-0000-4000-8000-00000000000a';
const B = 'bbbbbbbb-0000-4000-8000-00000000000b';
const ENV = {
  ENTRA_TENANT_ID: 'cccccccc-0000-4000-8000-000000000001',
  ENTRA_CLIENT_ID: 'cccccccc-0000-4000-8000-000000000002',
  ENTRA_CLIENT_SECRET: 'of the home tenant',
  StorageConnection: 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory',
};
const SETTINGS = readSettings(ENV);
const DEFAULTS = sourceDefaults(SETTINGS);

const tenant = (tenantId: string, more: object = {}) => ({
  name: 'customer',
  kind: 'intune',
  tenantId,
  signIn: { secretSetting: 'SOURCE_CUSTOMER_SECRET' },
  ...more,
});
const server = (address: string, more: object = {}) => ({
  name: 'customer',
  kind: 'cisco-mdm',
  preset: 'generic',
  address,
  usernameSetting: 'SOURCE_CUSTOMER_USERNAME',
  passwordSetting: 'SOURCE_CUSTOMER_PASSWORD',
  ...more,
});
const file = (...sources: readonly object[]): string => JSON.stringify({ sources });
const OTHER = tenant('dddddddd-0000-4000-8000-00000000000d', { name: 'other' });

async function opened() {
  const { openTables, tables } = memoryStore();
  const clock = standingClock();
  const { logger: log } = collectingLogger();
  const options = { openTables, clock, log, defaults: DEFAULTS, builtIn: definitionsOfSettings(SETTINGS) };
  const admin: SourcesAdmin = (await openSourcesAdmin(options))('olga', async () => undefined);
  const parts = { settings: SETTINGS, clock, timer: {} as never, secretOf: secretsOf({}, SETTINGS) };
  const tasks = new TableTaskStore((await openTables()).polling, log);
  /** As a tick does before anything of a source is stored. */
  const polled = async (text: string): Promise<void> =>
    remember(
      tasks,
      readSources(text, { defaults: DEFAULTS }).flatMap((definition) => setUpSource(definition, parts) ?? []),
    );
  const inForce = async (version: string, text: string): Promise<void> => {
    await admin.upload(version, text);
    await admin.activate(version);
    await polled(text);
  };
  return { admin, inForce, polled, tasks, tables };
}

async function problemsOf(work: Promise<unknown>): Promise<string[]> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return thrown instanceof SourcesError ? thrown.problems.map(({ path, line }) => `${path} in line ${line}`) : [];
}

describe('a name that was polled', () => {
  test.each([
    ['another tenant', tenant(A), tenant(B)],
    ['the same tenant’s directory', tenant(A), tenant(A, { kind: 'entra' })],
    ['an MDM server', tenant(A), server('https://mdm.example')],
    ['a tenant after a server', server('https://mdm.example'), tenant(A)],
    ['another server, with more sites', server('https://a.example', { sites: ['hq'] }), server('https://b.example')],
  ])('is not given to %s, also after the source was removed', async (_, before, after) => {
    const { admin, inForce, polled } = await opened();
    await polled(file(before));
    expect(await problemsOf(admin.upload('after', file(OTHER, after)))).toEqual(['sources[1].name in line 1']);
    await inForce('without', file(OTHER));
    expect(await problemsOf(admin.upload('after', file(after)))).toEqual(['sources[0].name in line 1']);
  });

  test('is refused where a version was uploaded before the other one was polled', async () => {
    const { admin, inForce } = await opened();
    await admin.upload('of-b', file(tenant(B)));
    await inForce('of-a', file(tenant(A)));
    expect(await problemsOf(admin.activate('of-b'))).toEqual(['sources[0].name in line 1']);
    expect((await admin.overview()).inForce).toBe('of-a');
  });

  test('is refused by a rollback to a version that was never polled', async () => {
    const { admin, inForce } = await opened();
    await admin.upload('of-b', file(tenant(B)));
    await admin.activate('of-b');
    await inForce('of-a', file(tenant(A)));
    await expect(admin.rollBack()).rejects.toMatchObject({
      code: 'NAC_SOURCES_VERSION',
      message: expect.stringContaining('customer'),
    });
    expect((await admin.overview()).inForce).toBe('of-a');
  });

  test('is refused by a rollback to the settings, where those have another tenant', async () => {
    const { admin, inForce } = await opened();
    await inForce('of-a', file(tenant(A, { name: 'intune' })));
    await expect(admin.rollBack()).rejects.toMatchObject({ code: 'NAC_SOURCES_VERSION' });
    await expect(admin.activate('built-in')).rejects.toMatchObject({ code: 'NAC_SOURCES_VERSION' });
  });

  test('stays that of its tenant, whatever else of it changes, and comes back after it was removed', async () => {
    const { admin, inForce } = await opened();
    await inForce('first', file(tenant(A)));
    await inForce('second', file(tenant(A.toUpperCase(), { pollingInterval: 5, precedence: 3 })));
    await inForce('without', file(OTHER));
    await inForce('again', file(tenant(A), OTHER));
    await admin.rollBack();
    expect((await admin.overview()).inForce).toBe('without');
  });

  test('stays that of a server which moves, where its devices count nowhere else', async () => {
    const { inForce, tasks } = await opened();
    await inForce('first', file(server('https://a.example')));
    await inForce('second', file(server('https://b.example')));
    expect(await readRemembered(tasks)).toMatchObject([{ place: 'cisco-mdm https://b.example' }]);
  });
});

describe('one server under two names', () => {
  test.each([
    ['https://mdm.example', 'https://mdm.example:443/'],
    ['https://mdm.example', 'https://MDM.example/ciscoise'],
    ['https://mdm.example/base', 'https://mdm.example/x/../base'],
    ['https://10.0.0.1', 'https://0xa.0.0.1'],
  ])('is refused: %s and %s', async (one, other) => {
    const both = file(server(one), server(other, { name: 'twin' }));
    expect(() => readSources(both, { defaults: DEFAULTS })).toThrow('asks what "customer" asks');
  });

  test('is refused where one writes the instance into the address', async () => {
    const both = file(
      server('https://mdm.example', { instance: 'base' }),
      server('https://mdm.example/base', { name: 'b' }),
    );
    expect(() => readSources(both, { defaults: DEFAULTS })).toThrow('asks what "customer" asks');
  });
});
