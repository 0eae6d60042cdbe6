// The names of the rules that a policy's text has, in order: to show those that never decided, too. The connector reads
// the file; this only looks for the lines, and what it misses is shown by its hits alone.

const RULES = /^rules:\s*(?:#.*)?$/m;
const NAME = /^\s+-\s+(?:\{\s*)?name:\s*(?:"(?<double>[^"\n]+)"|'(?<single>[^'\n]+)'|(?<plain>[^\s#'",{}][^#,}\n]*))/gm;

export function ruleNames(text: string): readonly string[] {
  const start = RULES.exec(text)?.index;
  if (start === undefined) return [];
  const names = [...text.slice(start).matchAll(NAME)].map(({ groups = {} }) =>
    (groups['double'] ?? groups['single'] ?? groups['plain'] ?? '').trim(),
  );
  return [...new Set(names)];
}
