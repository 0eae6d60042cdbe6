// Every Bicep file is well formed. Where a Bicep compiler is on the path, it checks types as well.

import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { declarations, parseBicep, ROOT, readBicepFile, readBicepFiles, syntaxErrors } from './bicep-file.ts';

const files = readBicepFiles();
const compiler = compilerVersion();
console.log(
  compiler
    ? `Bicep: ${compiler} builds and lints every file, besides the grammar.`
    : 'Bicep: no compiler on the path; the grammar alone checked the syntax (types and property names are unchecked).',
);

it.each(files.map((file) => [file.path, file] as const))('%s is well formed', (_path, file) => {
  expect(syntaxErrors(file)).toEqual([]);
  expect(declarations(file)).not.toEqual([]);
});

it('needs no file that is not there: samples build as they are', () => {
  expect(files.filter(({ text }) => /\bload\w+\(/.test(text)).map(({ path }) => path)).toEqual([]);
});

describe('the grammar', () => {
  const { path, text } = readBicepFile('infra/modules/function-app.bicep');
  const places = [...text.matchAll(/[{}[\]()]/g)]
    // In a comment or a text it would change nothing.
    .filter(({ index }) => !/\/\/|'/.test(text.slice(text.lastIndexOf('\n', index) + 1, index)))
    .map(({ index }) => index);

  it('notices each bracket that is taken away', () => {
    const unnoticed = places.filter((place) => {
      return syntaxErrors(parseBicep(path, text.slice(0, place) + text.slice(place + 1))).length === 0;
    });
    expect(places.length).toBeGreaterThan(40);
    expect(unnoticed.map((place) => text.slice(place - 30, place + 10))).toEqual([]);
  });

  it('names line and column, in files with an extension and in parameter files as well', () => {
    expect(syntaxErrors(parseBicep('x.bicep', 'extension graph\n\nparam a string = {\n'))).toEqual([
      expect.stringMatching(/^3:/),
    ]);
    expect(syntaxErrors(parseBicep('x.bicepparam', "using 'x.bicep'\nparam a = [\n"))).toEqual([
      expect.stringMatching(/^2:/),
    ]);
  });
});

if (compiler) {
  it.each(files.map(({ path }) => path))('%s is built by the compiler', async (path) => {
    const command = path.endsWith('.bicepparam') ? 'build-params' : 'build';
    // What azd would know; nothing else that a sample needs may be missing.
    const env = { ...process.env };
    for (const [, name = ''] of readBicepFile(path).text.matchAll(/readEnvironmentVariable\('(\w+)'\)/g))
      env[name] = 'x';
    const { stderr } = await promisify(execFile)('bicep', [command, join(ROOT, path), '--stdout'], { env });
    expect(stderr).not.toMatch(/(Error|Warning)/);
  });
}

function compilerVersion(): string | undefined {
  try {
    return execFileSync('bicep', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
