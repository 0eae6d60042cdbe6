// A device is found by its user and by the last digits of its addresses, and no longer by those that it had before; an
// earlier version's devices are made findable once.

import { expect, test } from 'vitest';
import { TableIdentityStore } from '../../../shared/adapters/table-storage/table-identity-store.ts';
import type { App } from '../../../shared/app.ts';
import type { MacAddress } from '../../../shared/domain/mac-address.ts';
import { MemoryNetwork } from '../../support/memory-network.ts';

async function found(network: MemoryNetwork, key: string, q: string, app: App = network.app): Promise<string[]> {
  const { hits } = await network.run(() => app.search(key, [['q', q]]));
  return hits.map(({ foundBy, title }) => `${title} by ${foundBy}`);
}

test('by user and by the last digits, as they are now', async () => {
  const network = await MemoryNetwork.start();
  const key = await network.addClient('anna', 'hq', 'auditor');
  network.put(1, { userPrincipalName: 'Jane.Doe@contoso.com' });
  network.put(2, { userPrincipalName: 'jane.doe@contoso.com' });
  await network.sweep();
  expect(await found(network, key, 'JANE.DOE@contoso.com')).toEqual(['PC-0001 by user', 'PC-0002 by user']);
  expect(await found(network, key, 'D3-00-02')).toEqual(['PC-0002 by last digits of a MAC address']);
  network.put(2, { userPrincipalName: 'john@contoso.com', wifiMac: 'a0b1c2445566' as MacAddress });
  await network.sweep();
  expect(await found(network, key, 'jane.doe@contoso.com')).toEqual(['PC-0001 by user']);
  expect(await found(network, key, 'john@contoso.com')).toEqual(['PC-0002 by user']);
  expect(await found(network, key, '44.55.66')).toEqual(['PC-0002 by last digits of a MAC address']);
  expect(await found(network, key, 'd30002')).toEqual([]);
  // The row that led there is gone, and not only passed over.
  const identities = new TableIdentityStore(network.tables.identities);
  expect(await identities.readOwners({ kind: 'macEnd', value: 'd30002' })).toEqual({ devices: [], more: false });
  await network.app.close();
  await network.background.close();
});

test('devices that an earlier version stored become findable with the next look through the fleet', async () => {
  const network = await MemoryNetwork.start();
  const key = await network.addClient('anna', 'hq', 'auditor');
  const id = network.put(1, { userPrincipalName: 'jane@contoso.com' });
  await network.pass(3_600_000);
  await network.sweep();
  const identities = new TableIdentityStore(network.tables.identities);
  const device = { source: 'intune', id };
  await identities.removeOwners([
    { identity: { kind: 'user', value: 'jane@contoso.com' }, device },
    { identity: { kind: 'macEnd', value: 'd30001' }, device },
  ]);
  for await (const { partitionKey = '', rowKey = '' } of network.tables.polling.listEntities()) {
    if (partitionKey.includes('noncompliant-index')) await network.tables.polling.deleteEntity(partitionKey, rowKey);
  }
  expect(await found(network, key, 'jane@contoso.com')).toEqual([]);
  await network.poll();
  expect(await found(network, key, 'jane@contoso.com')).toEqual(['PC-0001 by user']);
  expect(await found(network, key, 'd3:00:01')).toEqual(['PC-0001 by last digits of a MAC address']);
  await network.app.close();
  await network.background.close();
});
