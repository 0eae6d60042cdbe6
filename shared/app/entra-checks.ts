// Wires the doctor's checks of a directory.

import { directoryChecks } from '../adapters/entra-directory/check-directory.ts';
import { type EntraConnection, openEntraSource } from '../adapters/entra-directory/open-entra-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { Examination } from './source-setup.ts';

/** Opens a connection of its own. @param name of the source */
export function examineDirectory(name: string, connection: EntraConnection, clock: Clock): Examination {
  const { graph, close } = openEntraSource(name, connection, clock);
  return { checks: directoryChecks(name, graph, connection), close };
}
