// A fleet of which a few devices have turned since the last sweep: what answers may say until the next one, and what
// the store must say after it.

import { expect } from 'vitest';
import type { ConnectorFixture } from './connector-fixture.ts';
import { compliantDevices, deviceName } from './hold-scenario.ts';
import { expectChangesReported, expectStoreToSayWhatTheTenantSays, SLICE_MS, standingOf } from './quirk-scenario.ts';

export interface TurnedFleet {
  /** On the first, second and third page of four; all were compliant and are not any more. */
  readonly turned: readonly string[];
  /** Compliant before and after. */
  readonly steady: string;
  /** Requests for pages since then. */
  readonly asked: () => number;
}

/**
 * A fleet that was swept once; since then a device of each page has turned, and one is new, alone on the fourth page.
 */
export async function startTurned(nac: ConnectorFixture): Promise<TurnedFleet> {
  expect(await nac.app.poll(SLICE_MS)).toEqual({ kind: 'complete' });
  nac.changes.length = 0;
  const names = compliantDevices(nac, 25);
  const onThird = names.filter((name) => name > deviceName(40));
  const [second = '', third = '', steady = ''] = [names[0], onThird[0], onThird[1]];
  const turned = ['NAC-00001', second, third];
  for (const name of turned) nac.tenant.fleet.patch(name, { complianceState: 'noncompliant' });
  nac.tenant.fleet.add({ deviceName: 'NEW', complianceState: 'compliant' });
  const before = nac.tenant.stats().requests.page;
  return { turned, steady, asked: () => nac.tenant.stats().requests.page - before };
}

/** No device is unknown, none that did not turn stands otherwise, and none that has turned turns back. */
export async function expectNoFalseAnswer(nac: ConnectorFixture, { turned, steady }: TurnedFleet): Promise<void> {
  expect(await standingOf(nac, steady)).toBe('compliant');
  expect(await standingOf(nac, 'NAC-00002')).toBe('noncompliant');
  for (const name of turned) expect(['compliant', 'noncompliant']).toContain(await standingOf(nac, name));
}

export async function expectAllReported(nac: ConnectorFixture, { turned }: TurnedFleet): Promise<void> {
  await expectStoreToSayWhatTheTenantSays(nac);
  await expectChangesReported(nac, Object.fromEntries(turned.map((name) => [name, 1])));
  for (const name of turned) expect(await standingOf(nac, name)).toBe('noncompliant');
}
