// Any other server of Cisco's MDM dialect: Jamf Pro, Workspace ONE and whatever else Cisco ISE can ask.

import { type MdmPreset, USUAL_PACE, USUALLY_AT_ONCE } from './mdm-preset.ts';

export const GENERIC: MdmPreset = {
  name: 'generic',
  source: 'mdm',
  title: 'The MDM server',
  newestVersion: 3,
  // Whatever can be a device id here; the dialect asks for RFC 4122 without insisting.
  deviceId: /^[a-z0-9][a-z0-9._-]{0,63}$/,
  pace: USUAL_PACE,
  atOnce: USUALLY_AT_ONCE,
  right: 'the account that the MDM has for Cisco ISE',
};
