// The documents of the repository, and what a reader may follow in them.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** Paths of all of them, from the root. */
export const DOCUMENTS: readonly string[] = globSync(
  ['*.md', 'docs/**/*.md', 'infra/**/*.md', 'local/**/*.md', 'test/**/*.md'],
  { cwd: ROOT },
).toSorted();

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export interface Link {
  /** As it is written. */
  readonly text: string;
  /** From the document; empty for a heading of its own. */
  readonly file: string;
  readonly heading: string | undefined;
}

/** Links to files, not to the web. */
export function linksOf(text: string): Link[] {
  const links = text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)]+))?\)/g);
  return [...links].map(([link, file = '', heading]) => ({ text: link, file, heading }));
}

/** As GitHub makes anchors of headings. */
export function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

/** Files of this repository that the text names, from the root; braces and stars stand for several. */
export function filesNamedIn(text: string): string[] {
  const rooms = 'functions|shared|relay|cli|local|scripts|infra|test|docs';
  const named = text.matchAll(new RegExp(`(?<![\\w./@-])(?:${rooms})/[\\w./{},*-]+\\.[a-z]+\\b`, 'g'));
  return [...new Set([...named].map(([path]) => path))].flatMap(withoutBraces);
}

/** `a/{b,c}.ts` as `a/b.ts` and `a/c.ts`, so that each of them must be there. */
function withoutBraces(path: string): string[] {
  const [, before = '', among, after = ''] = /^(.*?)\{([^}]*)\}(.*)$/.exec(path) ?? [];
  return among === undefined ? [path] : among.split(',').flatMap((each) => withoutBraces(before + each + after));
}
