// The MDM server of a local run beside Intune, and settings that ask it as Cisco ISE would.

import type { LocalRun } from './local-run.ts';
import { type MdmServer, startMdmServer } from './mdm-server/mdm-server.ts';

/** Whose ids are GUIDs, as those of the simulated server. */
const PRESET = 'ivanti-neurons';
/** How certificates of that product name a device. */
export const MDM_CERTIFICATE_PREFIX = 'ID:Mobileiron:GUID:';

export async function startLocalMdm(
  run: LocalRun,
): Promise<{ readonly mdm: MdmServer; readonly settings: Readonly<Record<string, string>> }> {
  const mdm = await startMdmServer({ fleetSize: 40 });
  run.defer(() => mdm.close());
  run.progress('MDM server (simulated)', `${mdm.address}, control port ${mdm.controlUrl}`);
  const settings = {
    MDM_PRESET: PRESET,
    MDM_ADDRESS: mdm.address,
    MDM_USERNAME: mdm.username,
    MDM_PASSWORD: mdm.password,
    MDM_LISTS_ALL: 'on',
    MDM_POLLING_INTERVAL: '10s',
  };
  return { mdm, settings };
}
