// What tests of the breaker do again and again.

import type { DeviceMark, StoredDevice } from '../../shared/ports/device-store.ts';
import type { ConnectorFixture } from './connector-fixture.ts';

export const HOUR_MS = 3_600_000;
const SLICE_MS = 120_000;

/** `NAC-00001`, as the simulated tenant names its devices. */
export function deviceName(number: number): string {
  return `NAC-${String(number).padStart(5, '0')}`;
}

/** Devices of the tenant that Intune calls compliant, which nothing is special about. */
export function compliantDevices({ tenant: { fleet } }: ConnectorFixture, count: number): string[] {
  const names: string[] = [];
  for (let number = 20; names.length < count; number++) {
    const { complianceState, managementState, deviceName: name } = fleet.get(deviceName(number));
    if (complianceState === 'compliant' && managementState === 'managed') names.push(String(name));
  }
  return names;
}

export function setState(
  { tenant: { fleet } }: ConnectorFixture,
  names: readonly string[],
  complianceState: string,
): void {
  for (const name of names) fleet.patch(name, { complianceState: complianceState as never });
}

export async function sweepAgain({ app, clock }: ConnectorFixture): Promise<string> {
  clock.advance(HOUR_MS);
  return (await app.poll(SLICE_MS)).kind;
}

/** A tick of the timer while no sweep is due. */
export async function tick({ app, clock }: ConnectorFixture): Promise<string> {
  clock.advance(1000);
  return (await app.poll(SLICE_MS)).kind;
}

export async function storedDevices(
  { devices, tenant }: ConnectorFixture,
  names: readonly string[],
): Promise<StoredDevice[]> {
  const keys = names.map((name) => ({ source: 'intune', id: String(tenant.fleet.get(name).id) }));
  return [...(await devices.readMany(keys)).values()];
}

export async function heldMarks({ devices }: ConnectorFixture): Promise<DeviceMark[]> {
  return (await Array.fromAsync(devices.marks())).filter(({ held }) => held !== undefined);
}

export function operatorKey({ createClient }: ConnectorFixture): Promise<string> {
  return createClient('operator-1', 'hq', 'administrator');
}
