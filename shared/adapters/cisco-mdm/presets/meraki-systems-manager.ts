// Cisco Meraki Systems Manager (Cisco, "Integrate MDM and UEM Servers with Cisco ISE", chapter 2).

import { type MdmPreset, USUAL_PACE, USUALLY_AT_ONCE } from './mdm-preset.ts';

export const MERAKI_SYSTEMS_MANAGER: MdmPreset = {
  name: 'meraki-systems-manager',
  source: 'meraki',
  title: 'Meraki Systems Manager',
  newestVersion: 3,
  // "SM device ID": numbers of no documented length.
  deviceId: /^[0-9a-z]{1,64}$/,
  certificatePrefix: 'ID:MerakiSM:DeviceID:',
  pace: USUAL_PACE,
  atOnce: USUALLY_AT_ONCE,
  right: 'the username and password under Organization > Configure > MDM, "ISE Settings"',
};
