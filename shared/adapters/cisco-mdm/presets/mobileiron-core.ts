// MobileIron Core, today Ivanti EPMM (Cisco, "Integrate MDM and UEM Servers with Cisco ISE", chapter 4). Version 3 of
// the dialect needs Core 11.3.0.0 Build 24 or later.

import { GUID_ONLY, type MdmPreset, USUAL_PACE, USUALLY_AT_ONCE } from './mdm-preset.ts';

export const MOBILEIRON_CORE: MdmPreset = {
  name: 'mobileiron-core',
  source: 'ivanti',
  title: 'MobileIron Core',
  newestVersion: 3,
  deviceId: GUID_ONLY,
  certificatePrefix: 'ID:Mobileiron:GUID:',
  pace: USUAL_PACE,
  atOnce: USUALLY_AT_ONCE,
  right: 'a local user with tenant administrator permissions and the API role',
};
