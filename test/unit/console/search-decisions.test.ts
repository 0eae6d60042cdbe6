// A filtered list of decisions goes back slice by slice of time, and says how far it looked when time runs out.

import { expect, test } from 'vitest';
import { TableDecisionStore } from '../../../shared/adapters/table-storage/table-decision-store.ts';
import { readDecisionQuery } from '../../../shared/policy/read-decision-query.ts';
import { MemoryNetwork } from '../../support/memory-network.ts';

const MAC = 'A0-B1-C2-D3-00-01';
const STATION = {
  method: 'mab',
  userName: MAC,
  callingStationId: MAC,
  nasIdentifier: 'SW-Hall-3',
  nasPortId: 'Gi1/0/7',
};

/** Each filter that there is: more than the Table service compares in one query. */
const EVERY_FILTER =
  'site=hq&role=compliant&rule=permit-compliant&device=00010000-0000-4000-8000-000000000001&standing=compliant&decision=permit&nas=sw-hall-3&port=Gi1/0/7&method=mab&identity=mac&assurance=mac';

test.each([
  ['nas=sw-hall-3', 1],
  ['nas=10.1.1.1', 1],
  ['nas=%3A%3Affff%3A10.1.1.1', 1],
  ['nas=sw-hall', 0],
  ['port=Gi1/0/7', 1],
  ['port=Gi1/0/8', 0],
  ['method=mab', 1],
  ['method=eap-tls', 0],
  ['identity=mac', 1],
  ['identity=serialNumber', 0],
  ['assurance=mac', 1],
  ['source=intune', 1],
  ['source=meraki', 0],
  ['nas=sw-hall-3&port=Gi1/0/7&method=mab&since=400d', 1],
  [`${EVERY_FILTER}&source=intune`, 1],
  [`${EVERY_FILTER}&source=meraki`, 0],
])('%s finds %d', async (query, found) => {
  const network = await MemoryNetwork.start();
  network.put(1);
  await network.sweep();
  await network.ask(STATION);
  const asked = readDecisionQuery(new URLSearchParams(query), network.now);
  const page = await network.run(() => network.decisions.list({ ...asked, sites: 'every' }));
  expect([page.decisions.length, page.next, page.lookedUntil]).toEqual([found, undefined, undefined]);
  await network.app.close();
  await network.background.close();
});

test('where time runs out it says how far it looked, and goes on from there', async () => {
  const network = await MemoryNetwork.start();
  network.put(1);
  await network.sweep();
  await network.ask(STATION);
  await network.pass(10 * 3_600_000);
  const patience = new AbortController();
  let questions = 0;
  const table = network.tables.sessions;
  const slow = new Proxy(table, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (name !== 'listEntities') return typeof member === 'function' ? member.bind(target) : member;
      return (options: object) => {
        questions += 1;
        if (questions > 32) patience.abort();
        return target.listEntities(options);
      };
    },
  });
  const asked = readDecisionQuery(new URLSearchParams('port=Gi1/0/7'), network.now);
  const store = new TableDecisionStore(slow);
  const first = await network.run(() => store.list({ ...asked, sites: 'every' }, { signal: patience.signal }));
  expect(first.decisions).toEqual([]);
  expect(first.lookedUntil).toBeDefined();
  expect(first.lookedUntil).toBe(new Date(Date.parse(network.now) - 75 * 60_000).toISOString());
  const again = readDecisionQuery(new URLSearchParams(`port=Gi1/0/7&after=${first.next}`), network.now);
  const rest = await network.run(() => network.decisions.list({ ...again, sites: 'every' }));
  expect(rest.decisions.map(({ nasPortId }) => nasPortId)).toEqual(['Gi1/0/7']);
  expect(rest.next).toBeUndefined();
  await network.app.close();
  await network.background.close();
});
