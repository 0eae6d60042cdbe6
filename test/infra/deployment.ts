// What is deployed, for tests: the resources that the compiler predicts for each sample, and the files that say so.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sample } from '../../scripts/bicep.ts';

export const ROOT = join(import.meta.dirname, '../..');

/**
 * A resource as `bicep snapshot` predicts it; what depends on another's outputs stays an expression, a text in
 * brackets.
 */
export interface PredictedResource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly apiVersion: string;
  readonly [property: string]: unknown;
}

export function predicted(sample: Sample): PredictedResource[] {
  const { predictedResources, diagnostics } = JSON.parse(read(`infra/${sample}.snapshot.json`));
  if (diagnostics.length > 0) throw new Error(`infra/${sample}.snapshot.json: ${JSON.stringify(diagnostics)}`);
  return predictedResources;
}

export function ofType(resources: readonly PredictedResource[], type: string): PredictedResource[] {
  return resources.filter((resource) => resource.type === type);
}

/** A property of a property, e.g. `properties.siteConfig.minTlsVersion`. */
export function valueAt(object: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], object);
}

/** Every `.bicep` and `.bicepparam` file, from the root of the repository. */
export function bicepFiles(): { readonly path: string; readonly text: string }[] {
  return globSync('infra/**/*.{bicep,bicepparam}', { cwd: ROOT })
    .sort()
    .map((path) => ({ path, text: read(path) }));
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Names that a template declares with the word: `param`, `output`. */
export function declaredNames(path: string, word: 'param' | 'output'): string[] {
  return [...read(path).matchAll(new RegExp(`^${word} (\\w+)`, 'gm'))].map(([, name = '']) => name);
}
