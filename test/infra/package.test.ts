// What is deployed, in an empty folder far from the repository: it has only what ships, and it runs there.

import { execFile } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnFunctionsHost } from '../../local/functions-host/spawn-functions-host.ts';
import { assemblePackage, type PackagedFile, zipPackage } from '../../scripts/assemble-package.ts';
import { namedRoutes } from '../../shared/http/routes.ts';
import { ROOT } from './deployment.ts';

const run = promisify(execFile);

/** Settings as infra/modules/app-settings.bicep makes them: no key, no secret, no connection string. */
const AZURE_SETTINGS = {
  ENTRA_TENANT_ID: '0f8fad5b-d9cb-469f-a165-70867728950e',
  ENTRA_CLIENT_ID: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
  ENTRA_MANAGED_IDENTITY_CLIENT_ID: '3b241101-e2bb-4255-8caf-4136c566a962',
  CONSOLE_CLIENT_ID: '1c2b7c1e-6f44-4d7e-9a53-0b1de3a0c1f2',
  POLLING_INTERVAL: '120m',
  StorageConnection__tableServiceUri: 'https://stnac.table.core.windows.net/',
  StorageConnection__clientId: '3b241101-e2bb-4255-8caf-4136c566a962',
  ServiceBusConnection__fullyQualifiedNamespace: 'sb-nac.servicebus.windows.net',
  ServiceBusConnection__clientId: '3b241101-e2bb-4255-8caf-4136c566a962',
  ServiceBusConnection__credential: 'managedidentity',
};

interface Registered {
  readonly name: string;
  readonly bindings: Record<string, Record<string, unknown>>;
}

let folder: string;
let files: PackagedFile[];
let loaded: { readonly milliseconds: number; readonly functions: readonly Registered[] };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nac-package-'));
  files = await assemblePackage(join(folder, 'app'));
  await zipPackage(join(folder, 'app'), join(folder, 'app.zip'));
  loaded = await load(AZURE_SETTINGS);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const zipped = statSync(join(folder, 'app.zip')).size;
  console.log(
    `Package: ${(bytes / 1024).toFixed(0)} KiB, zipped ${(zipped / 1024).toFixed(0)} KiB; ` +
      `loading it registers ${loaded.functions.length} functions in ${loaded.milliseconds.toFixed(0)} ms`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package', () => {
  test('has only what ships', () => {
    const { files: served } = JSON.parse(readFileSync(join(folder, 'app/dist/console/manifest.json'), 'utf8'));
    const console = served.flatMap(({ path }: PackagedFile) => ['', '.br', '.gz'].map((suffix) => `${path}${suffix}`));
    const paths = files.map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith('dist/console/')).toSorted()).toEqual(
      [...console, 'manifest.json'].map((path) => `dist/console/${path}`).toSorted(),
    );
    expect(paths.filter((path) => !path.startsWith('dist/console/'))).toEqual([
      'LICENSE',
      'dist/functions.cjs',
      'dist/functions.cjs.LEGAL.txt',
      'host.json',
      'package.json',
      'sbom.cdx.json',
    ]);
  });

  test('says what it is made of: every dependency of the lock file that ships, with version, licence and checksum', () => {
    const text = readFileSync(join(folder, 'app/sbom.cdx.json'), 'utf8');
    const bill = JSON.parse(text);
    const { version, dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(bill).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      metadata: { component: { type: 'application', name: 'serverless-nac-connector', version } },
    });
    const refs: string[] = bill.components.map((component: { 'bom-ref': string }) => component['bom-ref']);
    // What the app needs, from package.json on; a package that lies deeper counts before one at the top.
    const lock: Record<string, { version: string; dependencies?: object }> = JSON.parse(
      readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
    ).packages;
    const needed = new Set<string>();
    const need = (names: readonly string[], from: string): void => {
      for (const name of names) {
        const levels = from.split('/node_modules/').map((_, index, parts) => parts.slice(0, parts.length - index));
        const paths = [
          ...levels.map((parts) => `${parts.join('/node_modules/')}/node_modules/${name}`),
          `node_modules/${name}`,
        ];
        const path = paths.find((candidate) => lock[candidate] !== undefined) ?? '';
        if (path === '' || needed.has(path)) continue;
        needed.add(path);
        need(Object.keys(lock[path]?.dependencies ?? {}), path);
      }
    };
    need(Object.keys(dependencies), '');
    const named = [...needed].map((path) => `${path.split('node_modules/').at(-1)}@${lock[path]?.version}`);
    expect(named.length).toBeGreaterThan(20);
    expect(refs).toEqual(expect.arrayContaining(named));
    expect(refs.filter((ref) => /^(?:vitest|esbuild|azurite|typescript)@/.test(ref))).toEqual([]);
    for (const component of bill.components) {
      expect(component).toMatchObject({ hashes: [{ alg: 'SHA-512' }], licenses: [{}] });
    }
    expect(text.match(/https?:\/\/[^"]*/g)).toEqual(['http://cyclonedx.org/schema/bom-1.5.schema.json']);
    expect(text).not.toContain(ROOT);
  });

  test('names nothing to install or run, and the entry point', () => {
    const packageJson = JSON.parse(readFileSync(join(folder, 'app/package.json'), 'utf8'));
    expect(packageJson).toMatchObject({ main: 'dist/functions.cjs', private: true });
    expect(Object.keys(packageJson).filter((key) => /dependencies|scripts/i.test(key))).toEqual([]);
  });

  test('holds no path of the machine that built it, and no source map', () => {
    const bundle = readFileSync(join(folder, 'app/dist/functions.cjs'), 'utf8');
    expect(bundle).not.toContain(ROOT);
    expect(bundle).not.toContain('sourceMappingURL');
    for (const { path } of files.filter(({ path }) => /^dist\/console\/.*\.(?:js|css|html)$/.test(path))) {
      const text = readFileSync(join(folder, 'app', path), 'utf8');
      expect(text).not.toContain(ROOT);
      expect(text).not.toContain('sourceMappingURL');
    }
  });

  test('is the same as a zip, which is the same each time', async () => {
    const zip = readFileSync(join(folder, 'app.zip'));
    const content = unzipSync(new Uint8Array(zip));
    expect(Object.keys(content).toSorted()).toEqual(files.map(({ path }) => path).toSorted());
    for (const { path } of files) {
      expect(Buffer.from(content[path] ?? []).equals(readFileSync(join(folder, 'app', path)))).toBe(true);
    }
    await assemblePackage(join(folder, 'again'));
    await zipPackage(join(folder, 'again'), join(folder, 'again.zip'));
    expect(readFileSync(join(folder, 'again.zip')).equals(zip)).toBe(true);
  });

  test('is not made where something else lies', async () => {
    mkdirSync(join(folder, 'taken'));
    writeFileSync(join(folder, 'taken/local.settings.json'), '{}');
    await expect(assemblePackage(join(folder, 'taken'))).rejects.toThrow(/taken is not empty/);
    expect(globSync('**', { cwd: join(folder, 'taken') })).not.toContain('dist');
  });
});

describe('the app in the package', () => {
  test('registers every function of functions/, and none else', () => {
    const declared = globSync('functions/*.ts', { cwd: ROOT }).flatMap((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      return [...text.matchAll(/app\.(?:timer|serviceBusQueue|http)\(\s*'([\w-]+)'/g)];
    });
    const names = [...declared.map(([, name]) => name ?? ''), ...namedRoutes().map(([name]) => name)];
    expect(names.length).toBeGreaterThan(5);
    expect(loaded.functions.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  });

  test('gives each its trigger, as the host is to index it', () => {
    const triggers = Object.fromEntries(loaded.functions.map(({ name, bindings }) => [name, triggerOf(bindings)]));
    expect(triggers).toMatchObject({
      health: { type: 'httpTrigger', route: 'api/health', methods: ['GET'] },
      lookup: { type: 'httpTrigger', route: 'api/lookup', methods: ['POST'] },
      accounting: { type: 'httpTrigger', route: 'api/accounting', methods: ['POST'] },
      jobs: { type: 'httpTrigger', route: 'api/jobs', methods: ['GET'] },
      reauthenticate: { type: 'httpTrigger', route: 'api/devices/{id}/reauthenticate', methods: ['POST'] },
      poll: { type: 'timerTrigger', schedule: '0 * * * * *' },
      enforce: { type: 'timerTrigger', schedule: '*/10 * * * * *' },
      'coa-results': { type: 'serviceBusTrigger', queueName: 'coa-results', connection: 'ServiceBusConnection' },
    });
    const routes = Object.values(triggers).flatMap((trigger) => {
      return trigger?.['type'] === 'httpTrigger' ? [`${trigger['methods']} ${trigger['route']}`] : [];
    });
    expect(new Set(routes).size).toBe(routes.length);
  });

  test('registers nothing that needs Service Bus where no site is enforced', async () => {
    const { functions } = await load(
      Object.fromEntries(Object.entries(AZURE_SETTINGS).filter(([name]) => !name.startsWith('ServiceBusConnection'))),
    );
    const types = functions.map(({ bindings }) => triggerOf(bindings)?.['type']);
    expect(types).toContain('httpTrigger');
    expect(types).not.toContain('serviceBusTrigger');
  });

  test('answers over HTTP from there', async () => {
    // The local host connects to Service Bus by connection string only; nothing here listens to a queue.
    const { ServiceBusConnection__fullyQualifiedNamespace: _, ...settings } = AZURE_SETTINGS;
    const nowhere = 'Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;';
    const host = await spawnFunctionsHost({
      appFolder: join(folder, 'app'),
      functions: 'http',
      env: { ...settings, ServiceBusConnection: nowhere },
    });
    try {
      const answer = await fetch(`${host.url}/api/health`);
      expect({ status: answer.status, body: await answer.json() }).toMatchObject({ status: 200 });
      const page = await fetch(`${host.url}/`);
      expect({ status: page.status, url: page.url }).toEqual({ status: 200, url: `${host.url}/console/` });
      expect(await page.text()).toContain('<div id="page">');
    } finally {
      await host.stop();
    }
  });

  test('says at start which settings are missing', async () => {
    const { stdout, stderr } = await start({ ENTRA_TENANT_ID: 'contoso' });
    expect(stderr).toContain('NAC_SETTINGS');
    expect(stderr).toContain('ENTRA_CLIENT_ID is missing');
    // Its routes are there all the same, to answer 503: a 404 may be taken for consent.
    expect(JSON.parse(stdout).functions.map(({ name }: { name: string }) => name)).toContain('lookup');
  });
});

/** In an environment that has nothing but the settings, and from a folder that has no node_modules above. */
async function load(settings: Record<string, string>): Promise<typeof loaded> {
  return JSON.parse((await start(settings)).stdout);
}

function start(settings: Record<string, string>): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, [join(import.meta.dirname, 'registered-functions.ts'), join(folder, 'app')], {
    env: settings,
    cwd: folder,
  });
}

function triggerOf(bindings: Registered['bindings']): Record<string, unknown> | undefined {
  return Object.values(bindings).find(({ type }) => /Trigger$/.test(String(type)));
}
