// Marks of the connector's problems in the text: the word is underlined, its line has another ground. They move with
// what is typed before them, and go with the line that is changed.

import { type Extension, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView } from '@codemirror/view';
import type { MarkedProblem } from '../policy-problems.ts';

export const setProblems = StateEffect.define<readonly MarkedProblem[]>();

const field = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setProblems)) next = decorations(effect.value, transaction.state.doc);
    }
    return next;
  },
  provide: (from) => EditorView.decorations.from(from),
});

function decorations(
  problems: readonly MarkedProblem[],
  doc: { readonly length: number; lineAt(at: number): { from: number } },
) {
  const ranges = problems.flatMap(({ from, to, message }) => {
    const [start, end] = [Math.min(from, doc.length), Math.min(to, doc.length)];
    const line = Decoration.line({ class: 'cm-problem-line' }).range(doc.lineAt(start).from);
    if (end <= start) return [line];
    return [line, Decoration.mark({ class: 'cm-problem', attributes: { title: message } }).range(start, end)];
  });
  return Decoration.set(ranges, true);
}

export const PROBLEMS: Extension = field;
