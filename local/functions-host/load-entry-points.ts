// Loads the app's entry points, which register its functions, and says clearly why when that fails.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { StartError } from '../local-error.ts';
import { describeError } from './describe-error.ts';
import type { App } from './read-app.ts';

export async function loadEntryPoints(app: App): Promise<void> {
  for (const file of app.entryFiles) {
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      throw toStartError(error, `The entry point ${path.relative(app.folder, file)} could not be loaded`);
    }
  }
}

/**
 * An error the app threw while starting: an instruction to the operator is passed on alone, anything else with its
 * stack.
 */
export function toStartError(error: unknown, what: string): StartError {
  if (error instanceof StartError) return error;
  if (isOperatorInstruction(error)) return new StartError(error.message);
  return new StartError(`${what}: ${describeError(error)}`);
}

function isOperatorInstruction(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('NAC_');
}
