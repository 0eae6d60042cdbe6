// Versions of sources.yaml in the store, and which definitions a process goes by: tables in memory, the clock moved by
// hand.

import { describe, expect, test } from 'vitest';
import { openSourceDefinitions, sourceDefaults } from '../../../shared/app/open-source-definitions.ts';
import { openSourcesAdmin, type SourcesAdmin, type SourcesChange } from '../../../shared/app/open-sources-admin.ts';
import type { SourceDefinitions } from '../../../shared/ports/source-definitions.ts';
import { readSettings } from '../../../shared/settings.ts';
import { standingClock } from '../../support/adjustable-clock.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';
import { memoryStore } from '../../support/memory-store.ts';

const SECOND_MS = 1000;
const YOUNG_MS = 60 * SECOND_MS;

const HOME = 'aaaaaaaa-0000-4000-8000-000000000001';
const ENV = {
  ENTRA_TENANT_ID: HOME,
  ENTRA_CLIENT_ID: 'aaaaaaaa-0000-4000-8000-000000000002',
  ENTRA_CLIENT_SECRET: 'of the home tenant',
  StorageConnection: 'AccountName=memory;AccountKey=a2V5;TableEndpoint=http://memory',
};
const SETTINGS = readSettings(ENV);

function fileWith(...names: readonly string[]): string {
  const sources = names.map((name) => ({
    name,
    kind: 'cisco-mdm',
    preset: 'generic',
    address: `https://${name}.example`,
    usernameSetting: 'SOURCE_A_USERNAME',
    passwordSetting: 'SOURCE_A_PASSWORD',
  }));
  return JSON.stringify({ sources });
}

async function opened() {
  const { storage, tables, openTables, createClient } = memoryStore();
  const clock = standingClock();
  const { logger: log, entries: lines } = collectingLogger();
  const changes: SourcesChange[] = [];
  const admin: SourcesAdmin = (await openSourcesAdmin({ openTables, clock, log, defaults: sourceDefaults(SETTINGS) }))(
    'olga',
    async (change) => void changes.push(change),
  );
  const process = async (settings = SETTINGS): Promise<SourceDefinitions> =>
    openSourceDefinitions({ settings, clock, log }, await openTables(), YOUNG_MS);
  return { storage, tables, createClient, clock, lines, changes, admin, process };
}

async function inForce(definitions: SourceDefinitions): Promise<string> {
  const { version, definitions: all } = await definitions.definitionsInForce();
  return `${version}: ${all.map(({ name }) => name).join(' ')}`;
}

describe('without a version', () => {
  test('Intune of the settings is in force', async () => {
    const nac = await opened();
    const found = await (await nac.process()).definitionsInForce();
    expect(found).toMatchObject({ version: 'built-in', since: '' });
    expect(found.definitions).toEqual([
      {
        kind: 'intune',
        name: 'intune',
        connection: {
          tenantId: HOME,
          clientId: ENV.ENTRA_CLIENT_ID,
          cloud: 'Public',
          signIn: { kind: 'settings' },
        },
        permissions: 'full',
        deviceDelta: false,
        pollingIntervalMs: SETTINGS.pollingIntervalMs,
        massChange: { share: 0.1, least: 50 },
      },
    ]);
  });

  test('and the MDM server of the settings, by the name that its preset gives it', async () => {
    const nac = await opened();
    const settings = readSettings({
      ...ENV,
      MDM_PRESET: 'meraki-systems-manager',
      MDM_ADDRESS: 'https://mdm.example',
      MDM_USERNAME: 'ise',
      MDM_PASSWORD: 'hunter2',
      MDM_LISTS_ALL: 'on',
    });
    const { definitions } = await (await nac.process(settings)).definitionsInForce();
    expect(definitions[1]).toEqual({
      kind: 'cisco-mdm',
      name: 'meraki',
      connection: {
        preset: 'meraki-systems-manager',
        address: 'https://mdm.example',
        usernameSetting: 'MDM_USERNAME',
        passwordSetting: 'MDM_PASSWORD',
      },
      listsAll: true,
      pollingIntervalMs: 15 * 60 * SECOND_MS,
      massChange: { share: 0.1, least: 50 },
    });
    expect(JSON.stringify(definitions)).not.toContain('hunter2');
  });
});

describe('a version', () => {
  test('is in force in every process within a minute of its activation, and no earlier than that', async () => {
    const nac = await opened();
    const [one, other] = [await nac.process(), await nac.process()];
    await nac.admin.upload('v1', fileWith('jamf', 'ivanti'));
    expect(await inForce(one)).toBe('built-in: intune');
    await nac.admin.activate('v1', 'a second MDM');
    expect([await inForce(one), await inForce(other)]).toEqual(['built-in: intune', 'v1: jamf ivanti']);
    nac.clock.advance(61 * SECOND_MS);
    expect([await inForce(one), await inForce(other)]).toEqual(['v1: jamf ivanti', 'v1: jamf ivanti']);
    expect(nac.changes).toEqual([
      { action: 'upload-sources', target: 'v1' },
      { action: 'activate-sources', target: 'v1', reason: 'a second MDM' },
    ]);
  });

  test('goes back to the one before, and from the first to what the settings make', async () => {
    const nac = await opened();
    const process = await nac.process();
    for (const version of ['v1', 'v2']) {
      await nac.admin.upload(version, fileWith(`of-${version}`));
      await nac.admin.activate(version);
    }
    expect(await inForce(process)).toBe('v2: of-v2');
    for (const expected of ['v1: of-v1', 'built-in: intune']) {
      await nac.admin.rollBack();
      nac.clock.advance(61 * SECOND_MS);
      expect(await inForce(process)).toBe(expected);
    }
    await expect(nac.admin.rollBack()).rejects.toMatchObject({ code: 'NAC_SOURCES_VERSION' });
    expect(await nac.admin.text('v2')).toBe(fileWith('of-v2'));
  });

  test('with problems is not stored: all are named, and the one in force stays', async () => {
    const nac = await opened();
    await nac.admin.upload('v1', fileWith('jamf'));
    await nac.admin.activate('v1');
    const bad = 'sources:\n  - name: X\n    kind: intune\n    signIn: { secretSetting: hunter2 }\n';
    const refused = nac.admin.upload('v2', bad);
    await expect(refused).rejects.toMatchObject({ code: 'NAC_SOURCES', problems: { length: 3 } });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
    await expect(nac.admin.activate('v2')).rejects.toMatchObject({ code: 'NAC_SOURCES_VERSION' });
    expect(await nac.admin.overview()).toMatchObject({ inForce: 'v1', versions: [{ version: 'v1', by: 'olga' }] });
    expect(await inForce(await nac.process())).toBe('v1: jamf');
  });

  test('counts at sites that have a client, and at no other', async () => {
    const nac = await opened();
    await nac.createClient('radius-1', 'hq');
    const at = (site: string) =>
      JSON.stringify({ sources: [{ name: 'entra', kind: 'entra', signIn: 'settings', sites: [site] }] });
    await nac.admin.upload('v1', at('hq'));
    await expect(nac.admin.upload('v2', at('moon'))).rejects.toMatchObject({
      code: 'NAC_SOURCES',
      problems: [{ path: 'sources[0].sites[0]' }],
    });
  });

  test('never changes what it means', async () => {
    const nac = await opened();
    expect(await nac.admin.upload('v1', fileWith('jamf'))).toEqual({ created: true });
    expect(await nac.admin.upload('v1', fileWith('jamf'))).toEqual({ created: false });
    await expect(nac.admin.upload('v1', fileWith('other'))).rejects.toMatchObject({ code: 'NAC_SOURCES_VERSION' });
    await expect(nac.admin.upload('built-in', fileWith('x'))).rejects.toMatchObject({ code: 'NAC_SOURCES_VERSION' });
  });
});

describe('the last good one', () => {
  const damaged = { partitionKey: 'sources', rowKey: 'v|v2' };

  async function withDamagedVersion() {
    const nac = await opened();
    for (const version of ['v1', 'v2']) {
      await nac.admin.upload(version, fileWith(`of-${version}`));
      await nac.admin.activate(version);
    }
    await nac.tables.policies.updateEntity({ ...damaged, columns: 1, text0: 'sources: 7' }, 'Merge');
    return nac;
  }

  test('stays in force while the store is away; that is logged once, and once more when it is back', async () => {
    const nac = await opened();
    await nac.admin.upload('v1', fileWith('jamf'));
    await nac.admin.activate('v1');
    const process = await nac.process();
    expect(await inForce(process)).toBe('v1: jamf');
    nac.storage.beforeEach = () => 'drop';
    for (let minute = 0; minute < 5; minute++) {
      nac.clock.advance(61 * SECOND_MS);
      expect(await inForce(process)).toBe('v1: jamf');
    }
    nac.storage.beforeEach = () => 'pass';
    nac.clock.advance(61 * SECOND_MS);
    await inForce(process);
    const said = nac.lines.filter(({ event }) => /^sources\.(?:not-read|read-again)$/.test(event));
    expect(said).toMatchObject([
      { event: 'sources.not-read', fields: { code: 'NAC_STORE_UNAVAILABLE', action: expect.any(String) } },
      { event: 'sources.read-again' },
    ]);
  });

  test('is not made up where the store never answered', async () => {
    const nac = await opened();
    nac.storage.beforeEach = () => 'drop';
    await expect((await nac.process()).definitionsInForce()).rejects.toMatchObject({ code: 'NAC_STORE_UNAVAILABLE' });
  });

  test('is the version before one that cannot be used any more, in a process that never saw it', async () => {
    const nac = await withDamagedVersion();
    const process = await nac.process();
    expect(await process.definitionsInForce()).toMatchObject({ version: 'v1', insteadOf: 'v2' });
    nac.clock.advance(61 * SECOND_MS);
    await inForce(process);
    expect(nac.lines.filter(({ event }) => event === 'sources.not-read')).toMatchObject([
      { level: 'error', fields: { code: 'NAC_SOURCES' } },
    ]);
  });

  test('is read as soon as the damaged one is taken back, though that one is on its way out', async () => {
    const nac = await withDamagedVersion();
    await nac.admin.rollBack('v2');
    const found = await (await nac.process()).definitionsInForce();
    expect([found.version, found.insteadOf]).toEqual(['v1', undefined]);
  });

  test('or what the settings make, where no version before it can be used either', async () => {
    const nac = await withDamagedVersion();
    await nac.tables.policies.deleteEntity('sources', 'v|v1');
    await nac.tables.policies.deleteEntity('sources', 'v|v2');
    expect(await (await nac.process()).definitionsInForce()).toMatchObject({ version: 'built-in', insteadOf: 'v2' });
  });

  test('stays where the row that says what is in force is damaged', async () => {
    const nac = await opened();
    await nac.admin.upload('v1', fileWith('jamf'));
    await nac.admin.activate('v1');
    const process = await nac.process();
    await inForce(process);
    await nac.tables.policies.updateEntity({ partitionKey: 'sources', rowKey: 'state', state: '{"a":1}' }, 'Replace');
    nac.clock.advance(61 * SECOND_MS);
    expect(await inForce(process)).toBe('v1: jamf');
    await expect((await nac.process()).definitionsInForce()).rejects.toMatchObject({ code: 'NAC_STORE_ROW' });
  });
});
