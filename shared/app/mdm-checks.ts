// Wires the doctor's checks of an MDM server that is asked in Cisco's MDM dialect.

import { readFileSync } from 'node:fs';
import { mdmChecks } from '../adapters/cisco-mdm/check-mdm.ts';
import { type CiscoMdmConnection, openCiscoMdmSource } from '../adapters/cisco-mdm/open-cisco-mdm-source.ts';
import { hostCheck } from '../adapters/https/check-host.ts';
import type { Clock } from '../ports/clock.ts';
import type { Stopwatch } from '../ports/timer.ts';
import type { Examination } from './source-setup.ts';

/** Opens a connection of its own. */
export function examineMdm(connection: CiscoMdmConnection, clock: Clock, stopwatch: Stopwatch): Examination {
  const { name, preset, address, network } = connection;
  const opened = openCiscoMdmSource(connection, clock, stopwatch);
  const host = `host-${name}`;
  const extraCa = network.extraCaFile === undefined ? undefined : readFileSync(network.extraCaFile, 'utf8');
  return {
    checks: [
      hostCheck({
        name: host,
        service: preset.title,
        url: () => address,
        timeoutMs: network.connectTimeoutMs,
        extraCa,
        proxy: network.proxy,
      }),
      ...mdmChecks(opened.client, clock, [host]),
    ],
    close: () => opened.close(),
  };
}
