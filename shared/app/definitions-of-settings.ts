// The definitions of sources that the settings make: Intune, and the MDM server of MDM_* where one is set. They are in
// force until a version of sources.yaml is activated.

import { findPreset } from '../adapters/cisco-mdm/presets/presets.ts';
import { CERTIFICATE_SOURCE } from '../domain/identity/certificate-source.ts';
import type { CiscoMdmDefinition, IntuneDefinition, SourceDefinition } from '../domain/source/source-definition.ts';
import type { MdmSettings } from '../settings/mdm-settings.ts';
import type { Settings } from '../settings.ts';

/** What of the settings makes definitions. */
export type DefiningSettings = Pick<
  Settings,
  'entra' | 'intunePermissions' | 'entraDeviceDelta' | 'pollingIntervalMs' | 'massChange' | 'mdm'
>;

export function definitionsOfSettings(settings: DefiningSettings): readonly SourceDefinition[] {
  const { mdm, massChange } = settings;
  return [intuneOfSettings(settings), ...(mdm === undefined ? [] : [mdmOfSettings(mdm, massChange)])];
}

function intuneOfSettings(settings: DefiningSettings): IntuneDefinition {
  const { tenantId, clientId, cloud } = settings.entra;
  return {
    kind: 'intune',
    name: CERTIFICATE_SOURCE,
    connection: { tenantId, clientId, cloud, signIn: { kind: 'settings' } },
    permissions: settings.intunePermissions,
    deviceDelta: settings.entraDeviceDelta,
    pollingIntervalMs: settings.pollingIntervalMs,
    massChange: settings.massChange,
  };
}

function mdmOfSettings(mdm: MdmSettings, massChange: Settings['massChange']): CiscoMdmDefinition {
  const { preset, address, listsAll, pollingIntervalMs } = mdm;
  return {
    kind: 'cisco-mdm',
    name: mdm.name ?? findPreset(preset)?.source ?? preset,
    connection: { preset, address, usernameSetting: 'MDM_USERNAME', passwordSetting: 'MDM_PASSWORD' },
    listsAll,
    pollingIntervalMs,
    massChange,
  };
}
