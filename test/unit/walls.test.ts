// The linter refuses every import across a wall of the layout: tried on a scratch copy, one file for each direction.

import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIOME = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
const FLOWS = ['polling', 'lookup', 'enforcement', 'policy', 'versions', 'mdm-api', 'console'];
const ADAPTERS = globSync('shared/adapters/*', { cwd: ROOT }).map((path) => path.replaceAll('\\', '/'));
/** The rooms of domain/, each above those before it. */
const DOMAIN = ['identity', 'device', 'source', 'policy', 'session', 'coa'].map((room) => `shared/domain/${room}`);
const POLLING = [...['records', 'tasks', 'breaker', 'point-reads', 'sweep', 'between-sweeps', 'without-sweep']].map(
  (room) => `shared/polling/${room}`,
);
const EVERYTHING = [
  ...DOMAIN,
  'shared/polling/sweep',
  ...['domain', 'ports', 'http', 'settings', 'doctor', 'app', ...FLOWS].map((room) => `shared/${room}`),
  ...ADAPTERS,
  ...['shared/app.ts', 'shared/settings.ts', 'functions', 'relay', 'relay/radius', 'cli', 'local', 'scripts', 'test'],
];
/** Packages of each kind, and both forms of Node's own modules. */
const PACKAGES = [
  ...[
    '@azure/functions',
    '@azure/data-tables',
    '@azure/service-bus',
    '@azure/msal-node',
    'undici',
    'yaml',
    'lru-cache',
  ],
  ...['node:fs', 'node:fs/promises', 'node:timers/promises'],
];
/** Small files beside the rooms that every flow may use; one stands for all. */
const SMALL = 'shared/duration.ts';

const DOMAINS = ['shared/domain', ...DOMAIN];

/** What each room may import, beside itself. Everything else is tried and must be refused. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'shared/domain': [],
  ...Object.fromEntries(DOMAIN.map((room, above) => [room, ['shared/domain', ...DOMAIN.slice(0, above)]])),
  'shared/ports': DOMAINS,
  'shared/http': [...DOMAINS, 'shared/ports', SMALL],
  ...Object.fromEntries(
    ['routes', 'schemas'].map((room) => [`shared/http/${room}`, [...DOMAINS, 'shared/ports', 'shared/http']]),
  ),
  ...Object.fromEntries(
    FLOWS.map((flow) => [`shared/${flow}`, [...DOMAINS, 'shared/ports', 'shared/http', ...ownRoomsOf(flow), SMALL]]),
  ),
  ...Object.fromEntries(
    POLLING.map((room) => [
      room,
      [...DOMAINS, 'shared/ports', 'shared/http', 'shared/polling', 'shared/polling/sweep', SMALL],
    ]),
  ),
  'shared/settings': [...DOMAINS, 'shared/ports', SMALL],
  'shared/doctor': [...DOMAINS, 'shared/ports', SMALL],
  ...Object.fromEntries(ADAPTERS.map((adapter) => [adapter, [...DOMAINS, 'shared/ports', SMALL, ...ownOf(adapter)]])),
  'shared/app': [
    ...[...DOMAINS, 'shared/ports', 'shared/http', 'shared/settings', 'shared/doctor', 'shared/app.ts'],
    ...['shared/settings.ts', ...FLOWS.map((flow) => `shared/${flow}`), 'shared/polling/sweep', ...ADAPTERS, SMALL],
    ...['@azure/service-bus', 'lru-cache', ...PACKAGES.filter((name) => name.startsWith('node:'))],
  ],
  functions: [
    ...['@azure/functions', ...DOMAINS, 'shared/http', 'shared/lookup', 'shared/app.ts', 'shared/settings.ts'],
  ],
  relay: [
    ...[...DOMAINS, 'shared/ports', 'relay/radius', '@azure/service-bus', 'undici'],
    ...['service-bus', 'system', 'telemetry', 'yaml'].map((name) => `shared/adapters/${name}`),
    ...PACKAGES.filter((name) => name.startsWith('node:')),
  ],
  'relay/profiles': [...DOMAINS, 'relay/radius'],
  'relay/radius': PACKAGES.filter((name) => name.startsWith('node:')),
  // The peer of the relay's codec is not built on it.
  'local/simulated-switch': [...EVERYTHING.filter((room) => !room.startsWith('relay')), ...PACKAGES, SMALL],
};

/** A flow may use its own rooms. */
function ownRoomsOf(flow: string): readonly string[] {
  return flow === 'polling' ? ['shared/polling/sweep'] : [];
}

function ownOf(adapter: string): readonly string[] {
  const below: Readonly<Record<string, readonly string[]>> = {
    entra: ['https'],
    graph: ['https', 'entra'],
    'cisco-mdm': ['https'],
    'entra-directory': ['https', 'entra', 'graph'],
    intune: ['https', 'entra', 'graph', 'cisco-mdm'],
  };
  const packages: Readonly<Record<string, readonly string[]>> = {
    https: ['undici'],
    entra: ['@azure/msal-node'],
    memory: ['lru-cache'],
    'service-bus': ['@azure/service-bus'],
    'table-storage': ['@azure/data-tables', 'undici'],
    yaml: ['yaml'],
  };
  const name = adapter.replace('shared/adapters/', '');
  return [
    ...(below[name] ?? []).map((one) => `shared/adapters/${one}`),
    ...(packages[name] ?? []),
    ...PACKAGES.filter((one) => one.startsWith('node:')),
  ];
}

interface Trial {
  readonly from: string;
  readonly to: string;
  readonly path: string;
  readonly refused: boolean;
}

const trials: readonly Trial[] = Object.entries(MAY_IMPORT).flatMap(([from, allowed]) =>
  [...EVERYTHING, SMALL, ...PACKAGES]
    .filter((to) => to !== from)
    .map((to, index) => ({ from, to, path: `${from}/trial-${index}.ts`, refused: !allowed.includes(to) })),
);

/** Each way of importing; the rules must see them all. */
const FORMS: Readonly<Record<string, (specifier: string) => string>> = {
  'an import of a type': (specifier) => `import type { a } from '${specifier}';\nexport type B = a;\n`,
  'an import of a value': (specifier) => `import { a } from '${specifier}';\nexport const b = a;\n`,
  'a re-export': (specifier) => `export { a } from '${specifier}';\n`,
  'a dynamic import': (specifier) => `export const a = (): Promise<unknown> => import('${specifier}');\n`,
};
const MOST_DIAGNOSTICS = 5_000;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nac-walls-'));
  cpSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('walls between rooms', () => {
  let refused: ReadonlySet<string>;
  const pathOf = (form: string): string => `shared/domain/form-${Object.keys(FORMS).indexOf(form)}.ts`;
  beforeAll(() => {
    for (const { from, to, path } of trials) write(path, `import '${specifierOf(from, to)}';\n`);
    for (const [form, textOf] of Object.entries(FORMS)) write(pathOf(form), textOf('../ports/clock.ts'));
    refused = lint('style/noRestrictedImports', '.');
  });

  test.each(Object.keys(MAY_IMPORT))('%s imports what it may, and nothing else', (room) => {
    const wrong = trials.filter(({ from, path, refused: wanted }) => from === room && refused.has(path) !== wanted);
    expect(wrong.map(({ to, refused: wanted }) => `${to} ${wanted ? 'passes' : 'is refused'}`)).toEqual([]);
  });

  test.each(Object.keys(FORMS))('%s is seen', (form) => {
    expect(refused).toContain(pathOf(form));
  });
});

test('a circle of imports is refused, of types as well', () => {
  for (const [one, other] of [
    ['circle-a', 'circle-b'],
    ['circle-b', 'circle-a'],
  ]) {
    write(`circle/${one}.ts`, `import type { T } from './${other}.ts';\n\nexport type T = T | undefined;\n`);
  }
  const refused = lint('suspicious/noImportCycles', 'circle');
  expect(refused).toContain('circle/circle-a.ts');
  expect(refused).toContain('circle/circle-b.ts');
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Where the import leads; files that are not there are judged by their name as well. */
function specifierOf(from: string, to: string): string {
  if (PACKAGES.includes(to)) return to;
  const path = relative(from, to.endsWith('.ts') ? to : `${to}/some.ts`);
  return path.startsWith('.') ? path : `./${path}`;
}

/** The files below the folder that one rule refuses. */
function lint(rule: string, below: string): ReadonlySet<string> {
  const options = ['--reporter=json', `--max-diagnostics=${MOST_DIAGNOSTICS}`, '--vcs-enabled=false'];
  const output = run(['lint', `--only=${rule}`, ...options, below]);
  const { diagnostics } = JSON.parse(output) as { diagnostics: { category: string; location: { path: string } }[] };
  expect(diagnostics.length).toBeLessThan(MOST_DIAGNOSTICS);
  const ofRule = diagnostics.filter(({ category }) => category === `lint/${rule}`);
  return new Set(ofRule.map(({ location: { path } }) => path.replace(/^\.\//, '')));
}

/** The linter ends with 1 where it refuses something. */
function run(options: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [BIOME, ...options], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (thrown) {
    return String((thrown as { stdout?: unknown }).stdout);
  }
}
