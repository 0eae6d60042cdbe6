// Reads values out of a YAML document and collects every problem with its place, instead of stopping at the first.

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from 'yaml';

/** More would be of no use to a person, and a long answer to a short question. */
const MOST_PROBLEMS = 50;

/** Something wrong in the document, and where. */
export interface YamlProblem {
  /** Like `nas[2].port`; empty for the file as a whole. */
  readonly path: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  /** What is wrong and how to mend it, as the end of a sentence that starts with the path. */
  readonly problem: string;
}

/** A place in the document that may hold a value. */
export interface YamlField {
  /** Like `nas[2].port`. */
  readonly path: string;
  /** `undefined` where nothing is written. */
  readonly node: Node | undefined;
  readonly line: number;
  readonly column: number;
}

const NOT_UNIQUE = 'must be unique. Remove one of the two.';
const EMPTY = 'is empty: enter a value or remove the line.';

/**
 * How a file is read of which more depends than that a program starts:
 * - tags of a program's own are refused: the library takes `!secret name` for the name
 * - aliases are refused: they multiply what has to be looked at
 * - a key without a value is a problem: a condition must not vanish because its value was forgotten
 * - text stands as its author wrote it, blanks around it included
 */
export interface YamlReading {
  readonly strict?: boolean;
  /** Problems show nothing of what is written: it may be a secret in the wrong place. */
  readonly discreet?: boolean;
}

/** For the library's own problems, whose messages may show what is written. */
const DISCREET: Readonly<Record<string, string>> = {
  BAD_INDENT: 'is indented wrongly, or a bracket before it is not closed.',
  TAB_AS_INDENT: 'has a tab at its beginning: use blanks.',
  MISSING_CHAR: 'lacks a character: look for a quote, a comma or a bracket that is not closed.',
  BLOCK_AS_IMPLICIT_KEY: 'has two colons on one line: put the value in quotes.',
};
const NO_YAML = 'is no YAML there: look at quotes, colons, brackets and indentation.';
/** A key that may be shown: nothing that is made up to be hard to guess. */
const WORD = /^[A-Za-z]{1,30}$/;

/** `!!str` and its like (YAML 1.2, 10.1). */
const STANDARD_TAG = 'tag:yaml.org,2002:';

const ANCHOR = { line: 1, column: 1 };

export class YamlReader {
  readonly problems: YamlProblem[] = [];
  readonly root: YamlField;
  readonly #lines = new LineCounter();

  readonly #strict: boolean;
  readonly #discreet: boolean;
  /** What each alias stands for; absent where aliases are refused. */
  #targets: ReadonlyMap<Alias, Node> | undefined;

  constructor(text: string, { strict = false, discreet = false }: YamlReading = {}) {
    this.#strict = strict;
    this.#discreet = discreet;
    try {
      // All documents: of a second one the library would only warn, and its author thinks that it counts.
      const documents = parseAllDocuments(text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        logLevel: 'silent',
        // The library compares each key with each: half a minute for a mapping of 20,000. Here each is looked up.
        uniqueKeys: false,
      });
      const [document, second] = 'empty' in documents ? [] : documents;
      for (const { message, code, pos } of (document?.errors ?? []).slice(0, MOST_PROBLEMS)) {
        const problem = discreet
          ? (DISCREET[code] ?? NO_YAML)
          : `${message.replace(/\.?$/, '.')} Correct the YAML there.`;
        this.#add({ path: '', ...this.#place(pos[0]), problem });
      }
      if (second) {
        const place = this.#place(second.range[0]);
        this.#add({ path: '', ...place, problem: 'has a second document: remove the line `---` and what follows.' });
      }
      this.#targets = document && !strict ? targetsOf(document) : undefined;
      this.root = this.#field('', document?.contents ?? null, ANCHOR);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      const problem = discreet ? NO_YAML : `is not readable as YAML: ${reason}`;
      this.#add({ path: '', ...ANCHOR, problem });
      this.root = { path: '', node: undefined, ...ANCHOR };
    }
  }

  problem({ path, line, column }: Omit<YamlField, 'node'>, problem: string): void {
    this.#add({ path, line, column, problem });
  }

  /** The first ones; then one remark that there are more. */
  #add(problem: YamlProblem): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
    else if (this.problems.length === MOST_PROBLEMS) {
      this.problems.push({ ...problem, path: '', problem: 'has more problems from here on: mend these first.' });
    }
  }

  /** Fields of a mapping; all absent if it is none. Reports keys that are not among `keys`. */
  mapping<Key extends string>(field: YamlField, keys: readonly Key[]): Record<Key, YamlField> {
    const found = new Map<string, YamlField>();
    if (field.node !== undefined && !isMap(field.node)) {
      this.problem(field, `must be a mapping with ${keys.join(', ')}.`);
    } else if (isMap(field.node)) {
      for (const pair of field.node.items) {
        const keyNode = pair.key as Node | null;
        const at = this.#field(field.path, keyNode, field);
        const key = isScalar(keyNode) ? String(keyNode.value) : undefined;
        const path = key === undefined ? field.path : joined(field.path, key);
        if (key === undefined || !(keys as readonly string[]).includes(key)) {
          const shown = this.#discreet && !WORD.test(key ?? '') ? field.path : path;
          this.problem({ ...at, path: shown }, `is not known here: remove it, or did you mean ${keys.join(', ')}?`);
        } else if (found.has(key)) this.problem({ ...at, path }, NOT_UNIQUE);
        else found.set(key, this.#valueOf(path, pair.value as Node | null, at));
      }
    }
    const absent = (key: string): YamlField => ({ ...field, path: joined(field.path, key), node: undefined });
    return Object.fromEntries(keys.map((key) => [key, found.get(key) ?? absent(key)])) as Record<Key, YamlField>;
  }

  /** Fields of a mapping whose keys its author chooses, in order; keys as they are written: `007` is not `7`. */
  entries(
    field: YamlField,
    meaning: string,
  ): { readonly key: string; readonly at: YamlField; readonly value: YamlField }[] {
    if (field.node === undefined) return [];
    if (!isMap(field.node)) {
      this.problem(field, `must be a mapping: ${meaning}.`);
      return [];
    }
    const seen = new Set<string>();
    return field.node.items.flatMap((pair) => {
      const keyNode = pair.key as Node | null;
      const at = this.#field(field.path, keyNode, field);
      if (!isScalar(keyNode) || keyNode.value === null) {
        this.problem(at, `has a key that is no name: ${meaning}.`);
        return [];
      }
      const key = typeof keyNode.value === 'number' ? (keyNode.source ?? '').trim() : String(keyNode.value);
      const path = joined(field.path, key);
      if (seen.has(key)) this.problem({ ...at, path }, NOT_UNIQUE);
      seen.add(key);
      return [{ key, at: { ...at, path }, value: this.#valueOf(path, pair.value as Node | null, at) }];
    });
  }

  /**
   * Fields of a list; a single value counts as a list of one where `orSingle` says so.
   * @param limits with `longest`, a list without values or with more is a problem, and nothing of it is looked at
   */
  list(field: YamlField, limits: { readonly orSingle?: boolean; readonly longest: number }): YamlField[] | undefined;
  list(field: YamlField, limits?: { readonly orSingle?: boolean }): YamlField[];
  list(field: YamlField, { orSingle = false, longest }: { orSingle?: boolean; longest?: number } = {}) {
    const { node } = field;
    if (longest !== undefined) {
      const length = isSeq(node) ? node.items.length : Number(node !== undefined);
      if (length === 0 || length > longest) {
        this.problem(field, `must have 1 to ${longest} values.`);
        return undefined;
      }
    }
    if (node === undefined) return [];
    if (isSeq(node)) {
      return node.items.map((item, index) => this.#field(`${field.path}[${index}]`, item as Node | null, field));
    }
    if (orSingle) return [field];
    this.problem(field, 'must be a list: start each item with "- ".');
    return [];
  }

  /** Text, where reading is not strict without blanks around it; `undefined` if absent or wrong. */
  text(field: YamlField): string | undefined {
    const value = this.#scalar(field);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') {
      this.problem(field, `must be text: put it in quotes.`);
      return undefined;
    }
    const text = this.#strict ? value : value.trim();
    const isEmpty = text.trim() === '';
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    if (isEmpty || text.length > 1024 || /[\u0000-\u001f\u007f]/.test(text)) {
      this.problem(field, isEmpty ? EMPTY : 'must be one line of text.');
      return undefined;
    }
    return text;
  }

  requiredText(field: YamlField, meaning: string): string | undefined {
    if (field.node === undefined) {
      this.missing(field, meaning);
      return undefined;
    }
    return this.text(field);
  }

  missing(field: YamlField, meaning: string): void {
    this.problem(field, `is missing: enter ${meaning}.`);
  }

  integer(field: YamlField, { from, to }: { from: number; to: number }): number | undefined {
    const value = this.#scalar(field);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to) return value;
    this.problem(field, `must be a whole number from ${from} to ${to}.`);
    return undefined;
  }

  /** Text as its author wrote it, though YAML takes it for a number: `001122` keeps its zeros. */
  textOrNumber(field: YamlField): string | undefined {
    const { node } = field;
    const isNumber = isScalar(node) && typeof node.value === 'number' && Number.isFinite(node.value);
    return isNumber ? (node.source?.trim() ?? String(node.value)) : this.text(field);
  }

  /** Text or number as it stands; `quietly` leaves it to another reading to complain. */
  value(field: YamlField, { quietly = false } = {}): unknown {
    return quietly && !isScalar(field.node) ? undefined : this.#scalar(field);
  }

  flag(field: YamlField): boolean | undefined {
    const value = this.#scalar(field);
    if (value === undefined || typeof value === 'boolean') return value;
    this.problem(field, 'must be true or false.');
    return undefined;
  }

  oneOf<Value extends string>(field: YamlField, values: readonly Value[]): Value | undefined {
    const text = this.text(field);
    const value = values.find((candidate) => candidate === text);
    if (text !== undefined && value === undefined) this.problem(field, `must be one of ${values.join(', ')}.`);
    return value;
  }

  #scalar(field: YamlField): unknown {
    if (field.node === undefined) return undefined;
    if (isScalar(field.node)) return field.node.value;
    this.problem(field, 'must be a single value.');
    return undefined;
  }

  #valueOf(path: string, written: Node | null, at: Omit<YamlField, 'path' | 'node'>): YamlField {
    const field = this.#field(path, written, at);
    if (this.#strict && field.node === undefined && !isAlias(written)) this.problem(field, EMPTY);
    return field;
  }

  #field(path: string, written: Node | null, parent: Omit<YamlField, 'path' | 'node'>): YamlField {
    const start = written?.range?.[0];
    const place = start === undefined ? { line: parent.line, column: parent.column } : this.#place(start);
    const node = isAlias(written) ? this.#targets?.get(written) : (written ?? undefined);
    if (isAlias(written) && node === undefined) {
      const problem = this.#targets
        ? 'refers to an anchor that is not there.'
        : 'is an alias (`*`): write the value itself.';
      this.problem({ path, ...place }, problem);
    }
    const tag = written !== null && 'tag' in written ? written.tag : undefined;
    if (this.#strict && tag !== undefined && !tag.startsWith(STANDARD_TAG)) {
      this.problem({ path, ...place }, 'has a tag (`!`): write the value alone.');
    }
    return { path, node: isScalar(node) && node.value === null ? undefined : node, ...place };
  }

  #place(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return line === 0 ? ANCHOR : { line, column: col };
  }
}

/** In one walk: an alias means the nearest anchor of its name before it, and the library walks again for each. */
function targetsOf(document: Document): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target !== undefined) targets.set(node, target);
      } else if ('anchor' in node && node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
