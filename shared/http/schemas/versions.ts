// Versions of a document as operators see them.

import { flag, instant, list, object, optional, text } from '../schema.ts';

export const BY = text('Name of the client, or the identity that Azure signed in at the command line');

/** @param builtIn what that version stands for @param settled what holds from then on */
export function versionFields(builtIn: string, settled: string) {
  return {
    inForce: text(`Version; \`built-in\` is ${builtIn}`),
    changedAt: optional(instant('When it came into force')),
    settledAt: optional(instant(settled)),
    rollbackTo: optional(text('What a rollback brings back')),
    activations: list(
      object('', { version: text('Version'), at: instant('When'), by: BY }),
      'Oldest first; a rollback takes the last one away',
    ),
    versions: list(object('', { version: text('Version'), createdAt: instant('When'), by: BY }), 'Newest first'),
  };
}

export function uploadedVersion() {
  return object('The version is there', {
    version: text('Its name'),
    created: flag('False where the very same was there already'),
  });
}
