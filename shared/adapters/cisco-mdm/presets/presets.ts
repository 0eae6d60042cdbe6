// The presets by name: one for each product, and a generic one.

import { GENERIC } from './generic.ts';
import { IVANTI_NEURONS } from './ivanti-neurons.ts';
import type { MdmPreset } from './mdm-preset.ts';
import { MERAKI_SYSTEMS_MANAGER } from './meraki-systems-manager.ts';
import { MOBILEIRON_CORE } from './mobileiron-core.ts';

export const MDM_PRESETS: readonly MdmPreset[] = [MERAKI_SYSTEMS_MANAGER, IVANTI_NEURONS, MOBILEIRON_CORE, GENERIC];

/** @returns `undefined` for a name that no preset has */
export function findPreset(name: string): MdmPreset | undefined {
  return MDM_PRESETS.find((preset) => preset.name === name);
}
