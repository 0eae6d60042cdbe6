// Builds a Functions app for a test the way the project is built: one CommonJS bundle in a folder of its own.
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';

export interface AppSource {
  /** The entry point's source text; the app in this folder when left out. */
  readonly source?: string;
  readonly hostJson?: unknown;
  readonly packageJson?: unknown;
  readonly localSettings?: unknown;
}

/** Returns the app's folder, below the system's temporary folder; the caller removes it. */
export function buildApp({ source, hostJson, packageJson, localSettings }: AppSource = {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'functions-host-app-'));
  mkdirSync(path.join(folder, 'dist'));
  buildSync({
    ...(source === undefined
      ? { entryPoints: [path.join(import.meta.dirname, 'functions.ts')] }
      : { stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' as const } }),
    outfile: path.join(folder, 'dist', 'functions.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: ['@azure/functions-core'],
    logLevel: 'error',
  });
  const write = (name: string, content: unknown) => writeFileSync(path.join(folder, name), JSON.stringify(content));
  write('package.json', packageJson ?? { main: 'dist/functions.cjs' });
  if (hostJson === undefined) cpSync(path.join(import.meta.dirname, 'host.json'), path.join(folder, 'host.json'));
  else write('host.json', hostJson);
  if (localSettings !== undefined) write('local.settings.json', localSettings);
  return folder;
}
