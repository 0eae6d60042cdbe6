// One decision: what the station got, what identified it, every rule with what failed, and what became of its CoA jobs.

import type { ExplainedDecision } from '../../api/answers.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { CopyForTicket } from '../../components/copy-for-ticket.tsx';
import { plainForeign } from '../../components/foreign-text.ts';
import { Page } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { Notice, Section } from '../../components/section.tsx';
import { When } from '../../components/when.tsx';
import { DecisionFacts, DecisionFields } from './decision-fields.tsx';
import { DecisionJobs } from './decision-jobs.tsx';
import { decisionTicket } from './decision-ticket.ts';
import { reasonSentence } from './reason-sentence.ts';
import { Replay } from './replay.tsx';
import { RuleTraces } from './rule-traces.tsx';
import { TriedIdentities } from './tried-identities.tsx';

export function DecisionPage({ id = '' }: { readonly id?: string }) {
  const { data, error, reload } = useAnswer<ExplainedDecision>(`/api/decisions/${encodeURIComponent(id)}`);
  if (data === undefined) {
    return (
      <Page title="Decision">
        <Problem error={error} onRetry={reload} />
        {error === undefined && <p class="muted">Loading …</p>}
      </Page>
    );
  }
  return (
    <Page
      title="Decision"
      lead={plainForeign(reasonSentence(data))}
      actions={<CopyForTicket lines={() => decisionTicket(data)} />}
    >
      <Problem error={error} onRetry={reload} older />
      <Notes decision={data} />
      <div class="columns">
        <Section title="What was answered" aside={<When at={data.decision.decidedAt} form="both" />}>
          <DecisionFields decision={data} />
        </Section>
        <div class="stack">
          <TriedIdentities decision={data} />
          <DecisionJobs decision={data} />
        </div>
      </div>
      <div class="columns">
        <Section title={`Rules of ${data.decision.policyVersion}`}>
          {data.rules ? (
            <RuleTraces rules={data.rules} />
          ) : (
            <p class="muted">This version of the policy cannot be read any more.</p>
          )}
        </Section>
        <Replay decision={data} />
      </div>
      <DecisionFacts decision={data} />
    </Page>
  );
}

function Notes({ decision: { decision, withoutOverride } }: { readonly decision: ExplainedDecision }) {
  return (
    <>
      {decision.override && (
        <Notice kind="warn">
          <p>
            An override decided in place of policy, until <When at={decision.override.until} form="exact" />:{' '}
            {plainForeign(decision.override.reason)} ({plainForeign(decision.override.by)}).{' '}
            {withoutOverride && `Policy alone would have used the rule "${plainForeign(withoutOverride.rule)}".`}
          </p>
        </Notice>
      )}
      {decision.observed && (
        <Notice kind="info">
          <p>The rule or the site is only observed: the station was let on as before, whatever the rule says.</p>
        </Notice>
      )}
      {decision.waiting && (
        <Notice kind="info">
          <p>The device is read again soon: were it compliant, the station would get another answer.</p>
        </Notice>
      )}
    </>
  );
}
