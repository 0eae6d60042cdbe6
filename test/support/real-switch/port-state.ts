// The state of a switch port, as hostapd_cli says it.

import { runProgram } from '../freeradius/run-program.ts';

const HOSTAPD_CLI = '/usr/sbin/hostapd_cli';
const DEADLINE_MS = 5_000;

/** `closed`: a station may be there, and nothing but EAPOL passes. */
export type PortState = 'open' | 'closed';

/** @param control folder of hostapd's control sockets @param mac of the station, as 02:00:00:00:00:01 */
export async function portState(control: string, port: string, mac: string): Promise<PortState> {
  const args = ['-p', control, '-i', port, 'sta', mac];
  const { output } = await runProgram(HOSTAPD_CLI, args, { deadline: DEADLINE_MS });
  if (/^FAIL/m.test(output)) return 'closed';
  if (!output.includes('flags=')) throw new Error(`hostapd_cli does not say how the port is:\n${output}`);
  return /^flags=.*\[AUTHORIZED\]/m.test(output) ? 'open' : 'closed';
}
