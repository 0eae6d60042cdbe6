// What happens in the story of the README, at the switch and in Intune: a device is connected, and turns.

import type { LocalStack } from '../../../local/local-stack.ts';
import { formatMacAddress, parseMacAddress } from '../../../shared/domain/mac-address.ts';

const FIRST = 'NAC-00001';
const JSON_BODY = { 'content-type': 'application/json' };

export interface StoryDevice {
  readonly id: string;
  readonly name: string;
  readonly mac: string;
}

/** Connects the first device of the fleet to the simulated switch, with its certificate. */
export async function connectFirstDevice(stack: LocalStack): Promise<StoryDevice> {
  const device = stack.tenant?.fleet.get(FIRST);
  const mac = parseMacAddress(device?.wiFiMacAddress ?? '');
  if (device === undefined || mac === undefined) throw new Error(`no ${FIRST} in the fleet`);
  await askSwitch(stack, '/connect', { mac: formatMacAddress(mac), deviceId: device.id });
  return { id: device.id, name: FIRST, mac: formatMacAddress(mac) };
}

/** Asks the control port of the simulated switch. */
export async function askSwitch(
  stack: LocalStack,
  path: '/connect' | '/behaviour',
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  const body = JSON.stringify(fields);
  const answer = await fetch(`${stack.switch.controlUrl}${path}`, { method: 'POST', body, headers: JSON_BODY });
  if (!answer.ok) throw new Error(`the switch answered ${answer.status}: ${await answer.text()}`);
}

export async function turnFirstDevice(stack: LocalStack, complianceState: 'compliant' | 'noncompliant'): Promise<void> {
  await control(stack, 'PATCH', `/devices/${FIRST}`, { complianceState });
}

/** Asks the control port of the simulated tenant. */
export async function control(
  stack: LocalStack,
  method: 'PATCH' | 'POST',
  path: string,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  const url = `${stack.tenant?.controlUrl}${path}`;
  const answer = await fetch(url, { method, body: JSON.stringify(change), headers: JSON_BODY });
  if (!answer.ok) throw new Error(`the tenant answered ${answer.status}: ${await answer.text()}`);
}
