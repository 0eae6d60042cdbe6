// Every rule of a version, in order: which one decided, and what failed in those before it.

import type { ExplainedDecision } from '../../api/answers.ts';
import { Foreign } from '../../components/foreign.tsx';
import { Status } from '../../components/status.tsx';

export type RuleTrace = NonNullable<ExplainedDecision['rules']>[number];

export function RuleTraces({ rules }: { readonly rules: readonly RuleTrace[] }) {
  return (
    <ol class="rules">
      {rules.map((trace) => (
        <li key={trace.rule} class={trace.matched ? 'decided' : undefined}>
          <span class="rule-name">
            <Status {...statusOf(trace)} />
            <strong>
              <Foreign>{trace.rule}</Foreign>
            </strong>
          </span>
          <Conditions trace={trace} />
        </li>
      ))}
    </ol>
  );
}

function statusOf({ matched, notReached }: RuleTrace) {
  if (matched) return { kind: 'good', children: 'decided' } as const;
  return notReached
    ? ({ kind: 'none', children: 'not reached' } as const)
    : ({ kind: 'info', children: 'passed over' } as const);
}

function Conditions({ trace: { failed, unread = [], notReached, matched } }: { readonly trace: RuleTrace }) {
  if (failed.length === 0 && unread.length === 0) {
    return matched || notReached ? null : <span class="muted">no condition failed</span>;
  }
  return (
    <ul class="conditions">
      {failed.map(({ condition, wanted, actual, unreadable }) => (
        <li key={condition}>
          <code>{condition}</code> wants <Foreign>{wanted}</Foreign>, <Actual actual={actual} unreadable={unreadable} />
        </li>
      ))}
      {unread.map((condition) => (
        <li key={condition}>
          <code>{condition}</code> could not be read
        </li>
      ))}
    </ul>
  );
}

function Actual({
  actual,
  unreadable,
}: {
  readonly actual: string | undefined;
  readonly unreadable: true | undefined;
}) {
  if (actual === undefined) return <span>{unreadable ? 'nothing could be read' : 'there was none'}</span>;
  return (
    <span>
      {unreadable ? 'could not read' : 'was'} <Foreign>{actual}</Foreign>
    </span>
  );
}
