// Sets up an MDM server of Cisco's dialect as a source.

import { readAddress } from '../adapters/cisco-mdm/mdm-connection.ts';
import type { CiscoMdmConnection } from '../adapters/cisco-mdm/open-cisco-mdm-source.ts';
import type { MdmPreset } from '../adapters/cisco-mdm/presets/mdm-preset.ts';
import { MDM_PRESETS } from '../adapters/cisco-mdm/presets/presets.ts';
import { isDeviceId } from '../domain/device/device.ts';
import type { Clock } from '../ports/clock.ts';
import type { Stopwatch } from '../ports/timer.ts';
import type { MdmSettings } from '../settings/mdm-settings.ts';
import type { Settings } from '../settings.ts';
import type { SourceSetup } from './source-setup.ts';

const SWEEP_GRACE_MS = 15 * 60_000;

export function ciscoMdmSetup(settings: Settings, mdm: MdmSettings, clock: Clock, stopwatch: Stopwatch): SourceSetup {
  const preset = presetNamed(mdm.preset);
  const { pollingIntervalMs, listsAll } = mdm;
  const { reauthIntervalMs, fastLaneMs, massChange, network } = settings;
  const name = mdm.name ?? preset.source;
  const { username, password } = mdm;
  /** @throws ConnectorError NAC_SETTINGS */
  const connect = (): CiscoMdmConnection => ({
    ...{ name, preset, username, password, listsAll, network },
    address: readAddress(mdm.address, 'MDM_ADDRESS'),
  });
  return {
    name,
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
    reachableMs: listsAll ? 2 * pollingIntervalMs + SWEEP_GRACE_MS : undefined,
    callMs: network.connectTimeoutMs + network.readTimeoutMs,
    async open() {
      const { openCiscoMdmSource } = await import('../adapters/cisco-mdm/open-cisco-mdm-source.ts');
      const source = openCiscoMdmSource(connect(), clock, stopwatch);
      return { source, close: source.close };
    },
    async examine() {
      const { examineMdm } = await import('./mdm-checks.ts');
      return examineMdm(connect(), clock, stopwatch);
    },
  };
}

function presetNamed(name: MdmSettings['preset']): MdmPreset {
  const preset = MDM_PRESETS.find((each) => each.name === name);
  if (preset === undefined) throw new TypeError(`there is no preset ${name}`);
  return preset;
}
