// The delta query of Entra devices: its first request, its pages, and records that make no sense.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEntraDeviceChanges } from '../../../../shared/adapters/graph/entra-device-changes.ts';
import { createGraphClient } from '../../../../shared/adapters/graph/graph-client.ts';
import type { DirectoryChanges } from '../../../../shared/ports/directory-changes.ts';
import { adjustableClock } from '../../../support/adjustable-clock.ts';
import { type ScriptedHttps, startScriptedHttps, tokensWith } from '../../../support/scripted-https.ts';

const OBJECT = '11111111-0000-4000-8000-000000000001';
const DEVICE = '22222222-0000-4000-8000-000000000001';

let graph: ScriptedHttps;
beforeAll(async () => {
  graph = await startScriptedHttps();
});
afterAll(() => graph[Symbol.asyncDispose]());

function changes(): DirectoryChanges {
  graph.requests.length = 0;
  return createEntraDeviceChanges(createGraphClient(graph.url, tokensWith(), graph.transport), adjustableClock());
}

const deltaLink = (): string => `${graph.url}/v1.0/devices/delta?$deltatoken=abc`;

describe('device changes of Entra', () => {
  test('begin from now on, with the properties needed', async () => {
    graph.reply = () => ({ body: { value: [], '@odata.deltaLink': deltaLink() } });
    expect(await changes().read(undefined)).toMatchObject({ changes: [], deltaLink: deltaLink() });
    expect(graph.requests[0]?.target).toBe(
      '/v1.0/devices/delta?$select=id,deviceId,isCompliant,isManaged&$deltatoken=latest',
    );
  });

  test('are read as far as they make sense', async () => {
    const value = [
      { id: OBJECT, deviceId: DEVICE.toUpperCase(), isCompliant: false, isManaged: true },
      { id: OBJECT, deviceId: DEVICE, isCompliant: null },
      { id: OBJECT, '@removed': { reason: 'deleted' } },
      { id: 'x', deviceId: DEVICE },
      null,
      'text',
    ];
    graph.reply = () => ({ body: { value, '@odata.nextLink': `${deltaLink()}2` } });
    const page = await changes().read(deltaLink());
    expect(page.changes).toEqual([
      { objectId: OBJECT, entraDeviceId: DEVICE, isCompliant: false, isManaged: true, removed: false },
      { objectId: OBJECT, entraDeviceId: DEVICE, removed: false },
      { objectId: OBJECT, removed: true },
    ]);
    expect(page).toMatchObject({ nextLink: `${deltaLink()}2` });
    expect(graph.requests[0]?.target).toBe('/v1.0/devices/delta?$deltatoken=abc');
  });

  test.each([
    [410, {}],
    [400, { error: { code: 'syncStateNotFound' } }],
    [404, { error: { code: 'SyncStateNotFound' } }],
    [400, { error: { code: 'resyncRequired' } }],
  ])('have expired when Graph answers %i %j', async (status, body) => {
    graph.reply = () => ({ status, body, headers: { location: `${graph.url}/v1.0/devices/delta` } });
    await expect(changes().read(deltaLink())).rejects.toMatchObject({ code: 'NAC_SOURCE_DELTA_EXPIRED' });
  });

  test.each([
    ['a next link elsewhere', { value: [], '@odata.nextLink': 'https://evil.example/' }],
    ['a delta link elsewhere', { value: [], '@odata.deltaLink': 'http://localhost/' }],
    ['no link at all', { value: [] }],
    ['no list', { '@odata.deltaLink': 'x' }],
    ['nothing', null],
  ])('with %s are refused', async (_, body) => {
    graph.reply = () => ({ body });
    await expect(changes().read(deltaLink())).rejects.toMatchObject({ code: 'NAC_SOURCE_PAGE' });
  });

  test('whose page leads back to itself are refused', async () => {
    graph.reply = () => ({ body: { value: [], '@odata.nextLink': deltaLink() } });
    await expect(changes().read(deltaLink())).rejects.toMatchObject({ code: 'NAC_SOURCE_PAGE' });
  });
});
