// The one place that knows which file sets up which kind of source.

import type { IntuneAccess } from '../adapters/intune/open-intune-source.ts';
import type { SourceDefinition } from '../domain/source/source-definition.ts';
import { placeOf } from '../domain/source/source-place.ts';
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
  const setup = setUpKind(definition, parts, openIntune);
  return setup && { ...setup, place: placeOf(definition) };
}

function setUpKind(
  definition: SourceDefinition,
  parts: SourceParts,
  openIntune: ((name: string) => IntuneAccess) | undefined,
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
