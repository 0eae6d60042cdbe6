// What the compiler would say about names: everything used is declared, everything declared is used, modules get the
// parameters they ask for and are asked for outputs they have.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Node } from 'web-tree-sitter';
import {
  type BicepFile,
  bodyOf,
  type Declaration,
  declarations,
  moduleFile,
  nodesOfType,
  propertiesOf,
  ROOT,
  readBicepFile,
  readBicepFiles,
  walk,
} from './bicep-file.ts';

/** Functions of the language that these files use. */
const FUNCTIONS = [
  ...['array', 'cidrSubnet', 'concat', 'contains', 'empty', 'environment', 'filter', 'flatten', 'guid', 'indexOf'],
  ...['items', 'json', 'map', 'max', 'readEnvironmentVariable', 'replace', 'resourceGroup', 'subscription'],
  ...['subscriptionResourceId', 'take', 'tenant', 'toLower', 'toObject', 'union', 'uniqueString'],
  ...['allowed', 'description', 'export', 'maxLength', 'maxValue', 'minLength', 'minValue', 'sealed'],
];
const TYPES = ['string', 'int', 'bool', 'object', 'array'];

const files = readBicepFiles();
const templates = files.filter(({ path }) => path.endsWith('.bicep'));
const parameterFiles = files.filter(({ path }) => path.endsWith('.bicepparam'));

describe.each(templates.map((file) => [file.path, file] as const))('%s', (_path, file) => {
  it('uses only what is declared', () => {
    const known = new Set([...FUNCTIONS, ...TYPES, ...declarations(file).map(({ name }) => name), ...imports(file)]);
    expect(uses(file).filter(({ text, node }) => !known.has(text) && !isLocal(node, text))).toEqual([]);
  });

  it('uses what it declares', () => {
    const used = new Set(uses(file).map(({ text }) => text));
    const declared = declarations(file)
      .filter(({ kind, node }) => kind !== 'output' && !isExported(node) && kind !== 'resource' && kind !== 'module')
      .map(({ name }) => name);
    expect([...declared, ...imports(file)].filter((name) => !used.has(name))).toEqual([]);
  });

  it('imports what the other file exports', () => {
    for (const statement of nodesOfType(file.root, 'import_functionality')) {
      const path = statement.namedChildren.at(-1)?.text.slice(1, -1) ?? '';
      const exporting = readBicepFile(moduleFile(file, path));
      const exported = declarations(exporting).filter(({ node }) => isExported(node));
      const names = statement.namedChildren.slice(0, -1).map((name) => name?.text);
      expect(exported.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    }
  });

  it('gives each module the parameters it asks for, and asks it for outputs it has', () => {
    for (const module of declarations(file).filter(({ kind }) => kind === 'module')) {
      const path = moduleFile(file, module.of);
      expect(existsSync(join(ROOT, path)), `${module.name}: ${path}`).toBe(true);
      const target = readBicepFile(path);
      const params = propertiesOf(bodyOf(module)).get('params');
      expectParameters(target, [...(params ? propertiesOf(params) : new Map<string, Node>()).keys()], module.name);
      const outputs = new Set(names(target, 'output'));
      const asked = [...file.text.matchAll(new RegExp(`\\b${module.name}!?\\.outputs\\.(\\w+)`, 'g'))];
      expect(asked.map(([, output]) => output).filter((output) => !outputs.has(output ?? ''))).toEqual([]);
    }
  });

  it('gives every parameter a value that no file of ours leaves out', () => {
    const isUsed = files.some((other) => other.text.includes(file.path.split('/').at(-1) ?? ''));
    expect(isUsed, 'some other file uses it').toBe(true);
  });
});

it.each(parameterFiles.map((file) => [file.path, file] as const))('%s fits its template', (_path, file) => {
  const [, template = ''] = /^using '([^']+)'$/m.exec(file.text) ?? [];
  const target = readBicepFile(moduleFile(file, template));
  expectParameters(target, names(file, 'variable'), file.path);
});

function expectParameters(target: BicepFile, given: readonly string[], by: string): void {
  const parameters = declarations(target).filter(({ kind }) => kind === 'parameter');
  const required = parameters.filter((parameter) => !isOptional(parameter)).map(({ name }) => name);
  expect(
    given.filter((name) => !parameters.some((parameter) => parameter.name === name)),
    `${by} gives ${target.path} what it does not know`,
  ).toEqual([]);
  expect(
    required.filter((name) => !given.includes(name)),
    `${by} gives ${target.path} too little`,
  ).toEqual([]);
}

function isOptional({ node }: Declaration): boolean {
  return node.namedChildren.length > 2 || nodesOfType(node, 'nullable_type').length > 0;
}

function names(file: BicepFile, kind: Declaration['kind']): string[] {
  return declarations(file)
    .filter((each) => each.kind === kind)
    .map(({ name }) => name);
}

function imports({ root }: BicepFile): string[] {
  return nodesOfType(root, 'import_functionality').flatMap((statement) =>
    statement.namedChildren.slice(0, -1).map((name) => name?.text ?? ''),
  );
}

/** Decorators stand before what they decorate. */
function isExported(node: Node): boolean {
  const before = node.previousNamedSibling;
  return before?.type === 'decorators' && before.text.includes('@export()');
}

interface Use {
  readonly text: string;
  readonly line: number;
  readonly node: Node;
}

/** Identifiers that refer to something: not those that name what is declared here, nor keys, nor loop variables. */
function uses({ root }: BicepFile): Use[] {
  return [...walk(root)]
    .filter((node) => node.type === 'identifier' && !isName(node))
    .map((node) => ({ text: node.text, line: node.startPosition.row + 1, node }));
}

function isName(node: Node): boolean {
  const parent = node.parent;
  if (parent === null) return false;
  const isFirst = parent.namedChildren[0]?.id === node.id;
  if (/_declaration$/.test(parent.type)) return isFirst;
  if (parent.type === 'object_property') return isFirst;
  if (parent.type === 'lambda_expression') return parent.namedChildren.at(-1)?.id !== node.id;
  if (parent.type === 'import_functionality') return true;
  return /^(loop_variable|loop_enumerator)$/.test(parent.type);
}

/** Loop variables and lambda parameters around the node. */
function isLocal(node: Node, name: string): boolean {
  for (let around = node.parent; around !== null; around = around.parent) {
    if (around.type === 'for_statement') {
      const header = around.text.slice(0, around.text.indexOf(' in '));
      if (new RegExp(`\\b${name}\\b`).test(header)) return true;
    }
    if (around.type === 'lambda_expression') {
      const parameters = around.namedChildren.slice(0, -1).map((parameter) => parameter?.text);
      if (parameters.includes(name)) return true;
    }
  }
  return false;
}
