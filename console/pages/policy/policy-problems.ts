// Problems that the connector finds in a policy's text, as places in the editor.

import type { DocumentProblem } from '../../../shared/errors.ts';

/** Part of the text that is marked; `from` and `to` count characters from 0. */
export interface MarkedProblem {
  readonly from: number;
  readonly to: number;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** @param problems as a refusal has them; what is no problem is left out @param text that they are about */
export function markedProblems(problems: readonly unknown[], text: string): readonly MarkedProblem[] {
  const starts = lineStarts(text);
  return problems.filter(isProblem).map(({ line, column, path, problem }) => {
    const lastLine = starts.length;
    const row = Math.min(Math.max(1, line), lastLine);
    const start = starts[row - 1] ?? 0;
    const end = lineEnd(text, start);
    const from = Math.min(start + Math.max(0, column - 1), end);
    // To the end of the word, and of the line where there is none: a mark of no width cannot be seen.
    const word = /^[^\s,\]}#]+/.exec(text.slice(from, end))?.[0].length ?? 0;
    const to = word > 0 ? from + word : end;
    return { from: to > from ? from : start, to, line, column, message: path === '' ? problem : `${path}: ${problem}` };
  });
}

function isProblem(value: unknown): value is DocumentProblem {
  if (typeof value !== 'object' || value === null) return false;
  const { line, column, path, problem } = value as Partial<Record<keyof DocumentProblem, unknown>>;
  return Number.isInteger(line) && Number.isInteger(column) && typeof path === 'string' && typeof problem === 'string';
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const { index } of text.matchAll(/\n/g)) starts.push(index + 1);
  return starts;
}

function lineEnd(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end;
}
