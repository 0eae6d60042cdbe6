// Bicep files as syntax trees. No compiler comes by npm or Debian, so a grammar checks what it can: tree-sitter-bicep.

import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { Language, type Node, Parser } from 'web-tree-sitter';

export const ROOT = join(import.meta.dirname, '../..');

export interface BicepFile {
  /** From the root of the repository, e.g. `infra/main.bicep`. */
  readonly path: string;
  readonly text: string;
  readonly root: Node;
}

const { resolve } = createRequire(import.meta.url);
await Parser.init();
const language = await Language.load(resolve('tree-sitter-bicep/tree-sitter-bicep.wasm'));

/** Every `.bicep` and `.bicepparam` file of the repository. */
export function readBicepFiles(): BicepFile[] {
  return globSync('infra/**/*.{bicep,bicepparam}', { cwd: ROOT })
    .sort()
    .map((path) => parseBicep(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function readBicepFile(path: string): BicepFile {
  return parseBicep(path, readFileSync(join(ROOT, path), 'utf8'));
}

export function parseBicep(path: string, text: string): BicepFile {
  const parser = new Parser();
  parser.setLanguage(language);
  const tree = parser.parse(inKnownSyntax(path, text));
  parser.delete();
  if (tree === null) throw new Error(`${path} could not be parsed`);
  return { path, text, root: tree.rootNode };
}

/**
 * The grammar knows neither `extension` nor the assignments of parameter files. What takes their place is as long, so
 * that positions stay right.
 */
function inKnownSyntax(path: string, text: string): string {
  const withoutExtension = text.replace(/^extension(?= \w+$)/gm, '//tension');
  return path.endsWith('.bicepparam') ? withoutExtension.replace(/^param(?= \w+ =)/gm, 'var  ') : withoutExtension;
}

/** Where the grammar found something it does not understand, or missed something: `line:column what`. */
export function syntaxErrors({ root }: BicepFile): string[] {
  if (!root.hasError) return [];
  return [...walk(root)]
    .filter((node) => node.isError || node.isMissing)
    .map(({ startPosition: { row, column }, isMissing, type, text }) => {
      return `${row + 1}:${column + 1} ${isMissing ? `${type} is missing` : JSON.stringify(text.slice(0, 60))}`;
    });
}

export function* walk(node: Node): Generator<Node> {
  yield node;
  for (const child of node.children) if (child !== null) yield* walk(child);
}

export function nodesOfType(node: Node, type: string): Node[] {
  return [...walk(node)].filter((each) => each.type === type);
}

export interface Declaration {
  readonly kind: 'parameter' | 'variable' | 'resource' | 'module' | 'output' | 'type';
  readonly name: string;
  /** Type and version of a resource, path of a module, type of a parameter. */
  readonly of: string;
  readonly node: Node;
}

/** What a file declares, in its order. */
export function declarations({ root }: BicepFile): Declaration[] {
  return root.namedChildren.flatMap((node) => {
    const kind = node && /^(parameter|variable|resource|module|output|type)_declaration$/.exec(node.type)?.[1];
    if (!node || !kind) return [];
    const name = node.namedChildren[0]?.text ?? '';
    const of = (node.namedChildren[1]?.text ?? '').replace(/^'|'$/g, '');
    return [{ kind: kind as Declaration['kind'], name, of, node }];
  });
}

export function declaration(file: BicepFile, name: string): Declaration {
  const found = declarations(file).find((each) => each.name === name);
  if (found === undefined) throw new Error(`${file.path} declares no ${name}`);
  return found;
}

/** The object that describes a resource or module, whether or not it stands in a loop or under a condition. */
export function bodyOf({ node, name }: Declaration): Node {
  const last = node.namedChildren.at(-1);
  const body = last?.type === 'object' ? last : last && nodesOfType(last, 'object')[0];
  if (!body) throw new Error(`${name} has no body`);
  return body;
}

/** Properties of an object, or members of an object type, by name. */
export function propertiesOf(object: Node): Map<string, Node> {
  const entries = object.namedChildren.flatMap((property) => {
    if (property?.type !== 'object_property') return [];
    const [key, ...values] = property.namedChildren;
    const value = values.at(-1);
    return key && value ? [[key.text.replace(/^'|'$/g, ''), value] as const] : [];
  });
  return new Map(entries);
}

/** A property of a property, as it stands in the file. */
export function textAt(object: Node, ...path: string[]): string | undefined {
  let node: Node | undefined = object;
  for (const name of path) node = node && propertiesOf(node).get(name);
  return node?.text;
}

/** Texts of an array's or union's string literals. */
export function literalsOf(node: Node): string[] {
  return nodesOfType(node, 'string').map(({ text }) => text.slice(1, -1));
}

export function moduleFile(file: BicepFile, path: string): string {
  return join(file.path, '..', path);
}

export function isModuleFile(path: string): boolean {
  return path.endsWith('.bicep') && basename(path) !== 'main.bicep';
}
