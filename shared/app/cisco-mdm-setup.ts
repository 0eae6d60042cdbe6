// Sets up an MDM server of Cisco's dialect as a source.

import { readAddress } from '../adapters/cisco-mdm/mdm-connection.ts';
import type { CiscoMdmConnection } from '../adapters/cisco-mdm/open-cisco-mdm-source.ts';
import { findPreset } from '../adapters/cisco-mdm/presets/presets.ts';
import { isDeviceId } from '../domain/device/device.ts';
import type { CiscoMdmDefinition } from '../domain/source/source-definition.ts';
import { reachableFor, type SourceParts } from './source-parts.ts';
import { commonSetup, type SourceSetup } from './source-setup.ts';

export function ciscoMdmSetup(
  definition: CiscoMdmDefinition,
  { settings, clock, timer, secretOf }: SourceParts,
): SourceSetup {
  const { name, pollingIntervalMs, massChange, listsAll, connection } = definition;
  const { reauthIntervalMs, fastLaneMs, network } = settings;
  const preset = findPreset(connection.preset);
  if (preset === undefined) throw new TypeError(`there is no preset ${connection.preset}`);
  const instance = connection.instance === undefined ? '' : `/${connection.instance}`;
  /** @throws SourceError NAC_SOURCE_SECRET, ConnectorError NAC_SETTINGS */
  const connect = (): CiscoMdmConnection => ({
    ...{ name, preset, listsAll, network },
    address: readAddress(`${connection.address}${instance}`, 'address'),
    username: secretOf(connection.usernameSetting),
    password: secretOf(connection.passwordSetting),
  });
  return {
    ...commonSetup(definition),
    certificateIds: preset.source,
    isDeviceId: (text) => isDeviceId(text),
    sweeps: listsAll,
    limits: {
      pollingIntervalMs,
      // The dialect has neither a list of changed devices nor one of hardware.
      changedDevicesIntervalMs: undefined,
      hardwareMaxAgeMs: undefined,
      reauthIntervalMs,
      fastLaneMs,
      massChange,
      asksLive: false,
    },
    reachableMs: listsAll ? reachableFor(pollingIntervalMs) : undefined,
    callMs: network.connectTimeoutMs + network.readTimeoutMs,
    check: () => void connect(),
    async open() {
      const { openCiscoMdmSource } = await import('../adapters/cisco-mdm/open-cisco-mdm-source.ts');
      const source = openCiscoMdmSource(connect(), clock, timer);
      return { source, close: source.close };
    },
    async examine() {
      const { examineMdm } = await import('./mdm-checks.ts');
      return examineMdm(connect(), clock, timer);
    },
  };
}
