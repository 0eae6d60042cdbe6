// The same decision by another version of the policy, from the facts that were recorded with it.

import { useState } from 'preact/hooks';
import type { ExplainedDecision, ReplayedDecision } from '../../api/answers.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { Foreign } from '../../components/foreign.tsx';
import { Outcome } from '../../components/outcome.tsx';
import { Problem } from '../../components/problem.tsx';
import { Fields, Section } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import type { PolicyOverview } from '../policy/policy-answers.ts';
import { RuleTraces } from './rule-traces.tsx';

export function Replay({ decision }: { readonly decision: ExplainedDecision }) {
  const { policyVersion, facts, id } = decision.decision;
  const versions = useAnswer<PolicyOverview>('/api/policies');
  const [version, setVersion] = useState('');
  const path =
    version === ''
      ? undefined
      : `/api/decisions/${encodeURIComponent(id)}/replay?policy=${encodeURIComponent(version)}`;
  const replay = useAnswer<ReplayedDecision>(path);
  if (facts === undefined) {
    return (
      <Section title="By another version of the policy">
        <p class="muted">The facts of this decision were not recorded, so it cannot be made again.</p>
      </Section>
    );
  }
  const others = ['built-in', ...(versions.data?.versions.map((each) => each.version) ?? [])];
  return (
    <Section title="By another version of the policy">
      <label class="field inline">
        <span>Version</span>
        <select value={version} onChange={({ currentTarget }) => setVersion(currentTarget.value)}>
          <option value="">choose one</option>
          {[...new Set(others)].map((each) => (
            <option key={each} value={each}>
              {each}
              {each === versions.data?.inForce ? ' (in force)' : ''}
              {each === policyVersion ? ' (decided)' : ''}
            </option>
          ))}
        </select>
      </label>
      <Problem error={versions.error ?? replay.error} onRetry={replay.reload} />
      {replay.loading && path !== undefined && <p class="muted">Deciding again …</p>}
      {replay.data && <Result replay={replay.data} />}
    </Section>
  );
}

function Result({ replay: { replayed, sameOutcome, rules } }: { readonly replay: ReplayedDecision }) {
  return (
    <div class="stack">
      <Fields
        fields={[
          [
            'Result',
            sameOutcome ? <Status kind="good">the same answer</Status> : <Status kind="warn">another answer</Status>,
          ],
          ['Answer', <Outcome key="answer" outcome={replayed.outcome} />],
          ['Rule', <Foreign key="rule">{replayed.rule}</Foreign>],
          ['Would be, were it not only observed', replayed.observed && <Outcome outcome={replayed.observed} />],
        ]}
      />
      <RuleTraces rules={rules} />
    </div>
  );
}
