// What the app depends on: npm's own CycloneDX list, from the lock file alone, the same each time it is made.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const run = promisify(execFile);

const LARGEST_BILL = 16 * 1024 * 1024;
/** Whole: with `--omit=dev` npm leaves out what the app and a tool both depend on, too. */
const COMMAND = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx'];

/** CycloneDX 1.5 as far as it is changed here. */
interface SoftwareBill {
  readonly serialNumber?: string;
  readonly metadata: { readonly component: Record<string, unknown>; readonly [field: string]: unknown };
  readonly components: readonly { readonly 'bom-ref': string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
  readonly [field: string]: unknown;
}

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

/**
 * Without what differs from one machine or run to the next: serial number, time, npm's version, the folder's name. So
 * the same content makes the same package.
 * @param packageFile whose dependencies ship, from the root of the repository
 * @returns JSON text of CycloneDX 1.5
 * @throws Error when npm does not give it
 */
export async function softwareBill(packageFile = 'package.json'): Promise<string> {
  const { serialNumber: _, metadata, components, dependencies, ...bill }: SoftwareBill = JSON.parse(await npm(COMMAND));
  const { name, version, dependencies: direct }: Shipped = JSON.parse(await readFile(join(ROOT, packageFile), 'utf8'));
  const { timestamp: _time, tools: _tools, component, ...rest } = metadata;
  const ref = `${name}@${version}`;
  const named = { ...component, 'bom-ref': ref, type: 'application', name, version };
  const shipped = await shippedPackages();
  const edgesOf = new Map(dependencies.map((edge) => [edge.ref, edge.dependsOn.filter((on) => shipped.has(on))]));
  const first = Object.entries(direct).map(([dependency, exact]) => `${dependency}@${exact}`);
  const reached = reachedFrom(first, edgesOf);
  const kept = components
    .filter((one) => reached.has(one['bom-ref']))
    .toSorted((one, other) => (one['bom-ref'] < other['bom-ref'] ? -1 : 1));
  const edges = [
    { ref, dependsOn: first },
    ...[...reached].map((one) => ({ ref: one, dependsOn: edgesOf.get(one) ?? [] })),
  ]
    .map((edge) => ({ ref: edge.ref, dependsOn: edge.dependsOn.toSorted() }))
    .toSorted((one, other) => (one.ref < other.ref ? -1 : 1));
  const whole = { ...bill, metadata: { ...rest, component: named }, components: kept, dependencies: edges };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** What a package's file says of what ships with it. */
interface Shipped {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

function reachedFrom(first: readonly string[], edgesOf: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set<string>();
  const next = [...first];
  for (let ref = next.pop(); ref !== undefined; ref = next.pop()) {
    if (reached.has(ref)) continue;
    reached.add(ref);
    next.push(...(edgesOf.get(ref) ?? []));
  }
  return reached;
}

/** As `name@version`: what the lock file has for the app itself, not for tools alone. */
async function shippedPackages(): Promise<ReadonlySet<string>> {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
  const packages = Object.entries<LockedPackage>(lock.packages).filter(
    ([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional,
  );
  return new Set(packages.map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`));
}

/** The npm that started this script, else the one on the path. */
async function npm(words: readonly string[]): Promise<string> {
  const own = process.env['npm_execpath'] ?? '';
  const options = { cwd: ROOT, maxBuffer: LARGEST_BILL };
  const { stdout } = own.endsWith('npm-cli.js')
    ? await run(process.execPath, [own, ...words], options)
    : await run('npm', [...words], { ...options, shell: process.platform === 'win32' });
  return stdout;
}
