// Puts the parts of the Intune adapter together: transport, tokens, Graph, source.

import type { Clock, ComplianceSource } from '../../ports.ts';
import { createGraphClient } from './graph-client.ts';
import { createIntuneSource } from './intune-source.ts';
import { type IntuneConnection, openIntuneConnection } from './open-intune-connection.ts';
import type { TokenSource } from './token-source.ts';

export type { IntuneConnection } from './open-intune-connection.ts';

export function openIntuneSource(
  connection: IntuneConnection,
  clock: Clock,
): { readonly source: ComplianceSource; readonly tokens: TokenSource; close(): Promise<void> } {
  const { transport, tokens, close } = openIntuneConnection(connection, clock);
  const graph = createGraphClient(connection.graphEndpoint, tokens, transport);
  return { source: createIntuneSource(graph, clock), tokens, close };
}
