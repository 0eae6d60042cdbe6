// Puts the parts of the Intune adapter together: transport, tokens, Graph, source.

import type { Clock, ComplianceSource, DeviceReader, DirectoryChanges } from '../../ports.ts';
import { createDeviceReader } from './device-reader.ts';
import { createEntraDeviceChanges } from './entra-device-changes.ts';
import { createGraphClient } from './graph-client.ts';
import { createIntuneSource } from './intune-source.ts';
import { type IntuneConnection, openIntuneConnection } from './open-intune-connection.ts';
import type { TokenSource } from './token-source.ts';

export type { IntuneConnection } from './open-intune-connection.ts';

export interface IntuneAccess {
  readonly source: ComplianceSource;
  readonly reader: DeviceReader;
  readonly directory: DirectoryChanges;
  readonly tokens: TokenSource;
  close(): Promise<void>;
}

export function openIntuneSource(connection: IntuneConnection, clock: Clock): IntuneAccess {
  const { transport, tokens, close } = openIntuneConnection(connection, clock);
  const graph = createGraphClient(connection.graphEndpoint, tokens, transport);
  return {
    source: createIntuneSource(graph, clock),
    reader: createDeviceReader(graph, clock),
    directory: createEntraDeviceChanges(graph, clock),
    tokens,
    close,
  };
}
