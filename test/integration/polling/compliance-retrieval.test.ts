// Compliance Retrieval of the simulated tenant over HTTPS, in every form its answers are known or feared to take.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantBehaviour } from '../../../local/intune-tenant/tenant-behaviour.ts';
import { openIntuneSource } from '../../../shared/adapters/intune/open-intune-source.ts';
import { readSettings } from '../../../shared/settings.ts';
import { aMac } from '../../support/a-device.ts';
import { type ConnectorFixture, startConnector } from '../../support/connector-fixture.ts';

let nac: ConnectorFixture;
let intune: ReturnType<typeof openIntuneSource>;

beforeAll(async () => {
  nac = await startConnector({ tenant: { fleetSize: 250, behaviour: { complianceWallSeconds: 0 } } });
  intune = openIntuneSource('intune', readSettings(nac.env), nac.clock);
});
afterAll(async () => {
  await intune.close();
  await nac[Symbol.asyncDispose]();
});

const idOf = (name: string): string => nac.tenant.fleet.get(name).id;
const macOf = (name: string) => aMac(String(nac.tenant.fleet.get(name).wiFiMacAddress));

describe.each<[TenantBehaviour['complianceXmlNames']]>([['capitalised'], ['lowerCase']])('names in %s', (names) => {
  test.each<[TenantBehaviour['unknownDevice']]>([['emptyList'], ['notRegistered'], ['notFound']])(
    'a device is what it is, and one that is not enrolled is not managed: %s',
    async (unknownDevice) => {
      nac.tenant.behave({ complianceXmlNames: names, unknownDevice });
      const compliance = async (name: string) => (await intune.verdicts.readByDeviceId(idOf(name))).device?.compliant;
      expect([await compliance('NAC-00001'), await compliance('NAC-00002')]).toEqual([true, false]);
      const stranger = await intune.verdicts.readByDeviceId('00000000-0000-4000-8000-00000000dead');
      expect(stranger).not.toHaveProperty('device');
      expect(await intune.verdicts.readByMac(aMac('a4bb6dffffff'))).not.toHaveProperty('device');
    },
  );

  test.each<[TenantBehaviour['macAnswerIdentifiers'], boolean]>([
    ['macaddress', false],
    ['guid', true],
    ['both', true],
  ])('a device is found by its address, and named by its id if the service tells it: %s', async (form, named) => {
    nac.tenant.behave({ complianceXmlNames: names, macAnswerIdentifiers: form });
    const { device } = await intune.verdicts.readByMac(macOf('NAC-00001'));
    expect(device).toMatchObject({ mac: macOf('NAC-00001'), compliant: true });
    expect(device?.id).toBe(named ? idOf('NAC-00001') : undefined);
  });

  test.each([[1], [7], [1000]])('the list is whole in pages of %i', async (complianceQueryMaxSize) => {
    nac.tenant.behave({ complianceXmlNames: names, macAnswerIdentifiers: 'both', complianceQueryMaxSize });
    const compliant = new Set(['compliant', 'inGracePeriod', 'configManager']);
    const expected = nac.tenant.fleet
      .list({ limit: 250 })
      .value.filter(({ complianceState }) => !compliant.has(complianceState))
      .map(({ id }) => id);
    const listed: unknown[] = [];
    let cursor: string | undefined;
    do {
      const { devices, problems, nextCursor } = await intune.noncompliant.listNoncompliant(cursor);
      expect(problems).toEqual([]);
      listed.push(...devices.map(({ id }) => id));
      cursor = nextCursor;
    } while (cursor !== undefined);
    expect(listed.toSorted()).toEqual(expected.toSorted());
  });
});
