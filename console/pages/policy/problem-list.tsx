// The connector's problems with a draft, each leading to its place in the editor.

import { plainForeign } from '../../components/foreign-text.ts';
import { Notice } from '../../components/section.tsx';
import type { MarkedProblem } from './policy-problems.ts';
import { TEXTS } from './texts.ts';

interface ProblemListProps {
  readonly problems: readonly MarkedProblem[];
  readonly onGoTo: (at: number) => void;
}

export function ProblemList({ problems, onGoTo }: ProblemListProps) {
  if (problems.length === 0) return null;
  return (
    <Notice kind="bad" alarm>
      <p>
        <strong>{TEXTS.problems(problems.length)}</strong>
      </p>
      <ul class="problems">
        {problems.map(({ from, line, column, message }) => (
          <li key={`${line}:${column} ${message}`}>
            <button type="button" class="link" onClick={() => onGoTo(from)}>
              {TEXTS.goTo(line, column)}
            </button>{' '}
            {plainForeign(message)}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
