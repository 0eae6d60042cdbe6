// Builds the console: scripts and style under hashed names, each compressed beforehand, the page that names them, the
// licences of what is in them, and a manifest, which is the list of all that is ever served.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build, type Metafile } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const brotliOf = promisify(brotliCompress);
const gzipOf = promisify(gzip);

const ENTRY = 'console/main.tsx';
const STYLE = 'console/styles/console.css';
const PAGE = 'index.html';
const LICENCES = 'licences.txt';

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  html: 'text/html; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
};

/** One file that is served. */
export interface ConsoleFile {
  /** Below `console/`, with slashes. */
  readonly path: string;
  readonly type: string;
  /** SHA-256 of the content, base64url: also its ETag. */
  readonly hash: string;
  readonly bytes: number;
  readonly brotliBytes: number;
  /** Its name is hashed: a browser may keep it for good. */
  readonly immutable: boolean;
}

export interface ConsoleManifest {
  readonly files: readonly ConsoleFile[];
  /** What the first page needs before it shows anything. */
  readonly firstLoad: readonly string[];
}

/** @param folder absent or empty; the host finds it beside functions.cjs */
export async function buildConsole(folder: string): Promise<ConsoleManifest> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [ENTRY, STYLE],
    outdir: folder,
    entryNames: 'assets/[name]-[hash]',
    chunkNames: 'assets/[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: ['chrome123', 'firefox120', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  refuseOtherCode(metafile);
  const made = outputFiles.map(({ path, contents }) => [`assets/${basename(path)}`, Buffer.from(contents)] as const);
  const icon = await readFile(join(ROOT, 'console/icon.svg'));
  const iconPath = `assets/icon-${hashOf(icon).slice(0, 8)}.svg`;
  const script = outputOf(metafile, ENTRY);
  const style = outputOf(metafile, STYLE);
  const page = await pageOf({ script, style, icon: iconPath });
  const files: [string, Buffer][] = [
    ...made.map(([path, content]): [string, Buffer] => [path, content]),
    [iconPath, icon],
    [LICENCES, await licences(metafile)],
    [PAGE, page],
  ];
  const written = await Promise.all(files.map(([path, content]) => writeServed(folder, path, content)));
  const manifest: ConsoleManifest = {
    files: written.toSorted((one, other) => (one.path < other.path ? -1 : 1)),
    firstLoad: [PAGE, style, iconPath, ...importedAtOnce(metafile, script)],
  };
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  return manifest;
}

async function writeServed(folder: string, path: string, content: Buffer): Promise<ConsoleFile> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  const brotli = await brotliOf(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  await Promise.all([
    writeFile(file, content),
    writeFile(`${file}.br`, brotli),
    writeFile(`${file}.gz`, await gzipOf(content, { level: 9 })),
  ]);
  return {
    path,
    type: TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
    hash: hashOf(content),
    bytes: content.length,
    brotliBytes: brotli.length,
    immutable: path.startsWith('assets/'),
  };
}

/** `import type` leaves nothing behind: whatever is here from another folder would be shipped. */
function refuseOtherCode({ inputs }: Metafile): void {
  const others = Object.keys(inputs).filter((path) => !/^(?:console|.*node_modules)\//.test(path));
  if (others.length > 0) throw new Error(`The console takes types alone from other folders, but imports ${others}`);
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('base64url');
}

function outputOf(metafile: Metafile, entry: string): string {
  const found = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === entry);
  if (found === undefined) throw new Error(`${entry} came to no file`);
  return `assets/${basename(found[0])}`;
}

/** The script itself and what it imports without asking: what it loads later is not counted. */
function importedAtOnce(metafile: Metafile, script: string): string[] {
  const byName = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [`assets/${basename(path)}`, output]),
  );
  const needed = new Set<string>();
  const next = [script];
  for (let path = next.pop(); path !== undefined; path = next.pop()) {
    if (needed.has(path)) continue;
    needed.add(path);
    const imports = byName.get(path)?.imports ?? [];
    next.push(
      ...imports.filter(({ kind }) => kind === 'import-statement').map((each) => `assets/${basename(each.path)}`),
    );
  }
  return [...needed];
}

async function pageOf(names: Readonly<Record<string, string>>): Promise<Buffer> {
  const template = await readFile(join(ROOT, 'console', PAGE), 'utf8');
  return Buffer.from(template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => `/console/${names[name]}`));
}

/** The licence of each package whose code is in the scripts: MIT wants it to go with every copy. */
async function licences(metafile: Metafile): Promise<Buffer> {
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap(
      (path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.slice(0, 1) ?? [],
    ),
  );
  const texts = [...packages].toSorted().map(async (path) => {
    const folder = join(ROOT, path);
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const file = existsSync(folder)
      ? readdirSync(folder).find((each) => /^licen[cs]e(?:\.\w+)?$/i.test(each))
      : undefined;
    if (file === undefined)
      throw new Error(`${name} ships no text of its licence (${license}): the page may not ship it.`);
    return `${name} ${version} (${license})\n\n${(await readFile(join(folder, file), 'utf8')).trim()}\n`;
  });
  return Buffer.from((await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`));
}
