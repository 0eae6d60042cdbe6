// Puts the parts of the Intune adapter together: transport, tokens, Graph, source.

import type { Clock, ComplianceSource } from '../../ports.ts';
import { createGraphClient } from './graph-client.ts';
import { createHttpsTransport } from './https-transport.ts';
import { createIntuneSource } from './intune-source.ts';
import { type AppIdentity, createTokenSource } from './token-source.ts';

export interface IntuneConnection {
  readonly entra: AppIdentity;
  readonly graphEndpoint: string;
  readonly extraCaFile?: string;
}

export function openIntuneSource(
  { entra, graphEndpoint, extraCaFile }: IntuneConnection,
  clock: Clock,
): { readonly source: ComplianceSource; close(): Promise<void> } {
  const transport = createHttpsTransport({ extraCaFile });
  const graph = createGraphClient(graphEndpoint, createTokenSource(entra, transport), transport);
  return { source: createIntuneSource(graph, clock), close: () => transport.close() };
}
