// The one place that knows which file sets up which kind of source.

import type { IntuneAccess } from '../adapters/intune/open-intune-source.ts';
import type { SourceDefinition } from '../domain/source/source-definition.ts';
import { ciscoMdmSetup } from './cisco-mdm-setup.ts';
import { entraSetup } from './entra-setup.ts';
import { intuneSetup } from './intune-setup.ts';
import type { SourceParts } from './source-parts.ts';
import type { SourceSetup } from './source-setup.ts';

/** @param openIntune in place of the real Intune, by the name of the source */
export function setUpSource(
  definition: SourceDefinition,
  parts: SourceParts,
  openIntune?: (name: string) => IntuneAccess,
): SourceSetup | undefined {
  switch (definition.kind) {
    case 'intune':
      return intuneSetup(definition, parts, openIntune && (() => openIntune(definition.name)));
    case 'cisco-mdm':
      return ciscoMdmSetup(definition, parts);
    case 'entra':
      return entraSetup(definition, parts);
  }
}
