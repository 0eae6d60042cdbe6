// The editor of a policy's text: CodeMirror in a shadow root, where its styles are sheets that the page's policy of
// content does not touch; a style element would be refused.

import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, indentOnInput } from '@codemirror/language';
import { unifiedMergeView } from '@codemirror/merge';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view';
import { useEffect, useRef } from 'preact/hooks';
import type { MarkedProblem } from '../policy-problems.ts';
import { LOOK } from './editor-look.ts';
import { PROBLEMS, setProblems } from './editor-problems.ts';

export interface PolicyEditorProps {
  readonly label: string;
  /** To begin with: from then on the editor has it. Handed back at each key, it would undo what is typed meanwhile. */
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly problems: readonly MarkedProblem[];
  /** Shows what differs from this text; absent for the draft alone. */
  readonly original: string | undefined;
  /** Where the caret shall go; a new object each time. */
  readonly goTo: { readonly at: number } | undefined;
}

/**
 * Where a selection is typed over, the browser would carry its look on by a style attribute, which the page's policy of
 * content refuses and reports: the editor replaces the text itself.
 */
const TYPED_OVER = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { inputType, data, isComposing } = event;
    if (inputType !== 'insertText' || data === null || isComposing || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true });
    return true;
  },
});

export function PolicyEditor({ label, text, onChange, problems, original, goTo }: PolicyEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const difference = useRef(new Compartment());
  const changed = useRef(onChange);
  changed.current = onChange;

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' });
    const extensions: Extension = [
      lineNumbers(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      history(),
      bracketMatching(),
      indentOnInput(),
      // Tab leaves the editor, as everywhere on the page (WCAG 2.1.2).
      keymap.of([...defaultKeymap, ...historyKeymap]),
      yaml(),
      EditorState.tabSize.of(2),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed.current(update.state.doc.toString());
      }),
      TYPED_OVER,
      LOOK,
      PROBLEMS,
      difference.current.of(differenceFrom(original)),
    ];
    const made = new EditorView({ state: EditorState.create({ doc: text, extensions }), parent: root, root });
    view.current = made;
    return () => made.destroy();
  }, []);

  useEffect(() => {
    view.current?.dispatch({ effects: setProblems.of(problems) });
  }, [problems]);
  useEffect(() => {
    view.current?.dispatch({ effects: difference.current.reconfigure(differenceFrom(original)) });
  }, [original]);
  useEffect(() => {
    const current = view.current;
    if (current === undefined || goTo === undefined) return;
    const at = Math.min(goTo.at, current.state.doc.length);
    current.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
    current.focus();
  }, [goTo]);

  return <div ref={host} class="editor" />;
}

function differenceFrom(original: string | undefined): Extension {
  if (original === undefined) return [];
  return unifiedMergeView({
    original,
    mergeControls: false,
    gutter: true,
    collapseUnchanged: { margin: 3, minSize: 8 },
  });
}
