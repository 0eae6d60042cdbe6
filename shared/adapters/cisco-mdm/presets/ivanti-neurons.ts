// Ivanti Neurons for MDM, once MobileIron Cloud (Cisco, "Integrate MDM and UEM Servers with Cisco ISE", chapter 4).

import { GUID_ONLY, type MdmPreset, USUAL_PACE, USUALLY_AT_ONCE } from './mdm-preset.ts';

export const IVANTI_NEURONS: MdmPreset = {
  name: 'ivanti-neurons',
  source: 'ivanti',
  title: 'Ivanti Neurons for MDM',
  newestVersion: 3,
  deviceId: GUID_ONLY,
  certificatePrefix: 'ID:Mobileiron:GUID:',
  pace: USUAL_PACE,
  atOnce: USUALLY_AT_ONCE,
  right: 'an API user with the role "Cisco ISE Operations"',
};
