// Names of the presets for MDM servers that answer Cisco's MDM dialect; adapters/cisco-mdm/presets/ has one of each.

export const MDM_PRESET_NAMES = ['meraki-systems-manager', 'ivanti-neurons', 'mobileiron-core', 'generic'] as const;

export type MdmPresetName = (typeof MDM_PRESET_NAMES)[number];
