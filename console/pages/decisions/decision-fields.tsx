// The fields of a decision: who, where, by what, with which answer; and all facts that policy looked at.

import type { ExplainedDecision } from '../../api/answers.ts';
import { Foreign } from '../../components/foreign.tsx';
import { MacAddress } from '../../components/mac-address.tsx';
import { Outcome } from '../../components/outcome.tsx';
import { Fields, Section } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import { spaced, standingKind } from '../../components/status-words.ts';
import { writeSpan } from '../../components/times.ts';
import { When } from '../../components/when.tsx';
import { deviceOf, macOf, nasOf, placeOf, userOf } from './decision-columns.ts';

export function DecisionFields({ decision: row }: { readonly decision: ExplainedDecision }) {
  const { decision, site, client, method, id } = row;
  const { device, outcome, observed, facts, problems } = decision;
  const problemText = problems.map(spaced).join(', ');
  return (
    <Fields
      fields={[
        ['Answer', <Outcome key="answer" outcome={outcome} />],
        ['Would be', observed && <Outcome outcome={observed} />],
        ['Rule', <Foreign key="rule">{decision.rule}</Foreign>],
        [
          'Standing',
          <Status key="standing" kind={standingKind(decision.standing)}>
            {spaced(decision.standing)}
          </Status>,
        ],
        ['Marks', facts && facts.marks.length > 0 ? facts.marks.join(', ') : undefined],
        [
          'Device',
          device && (
            <a href={`/console/devices/${encodeURIComponent(device.id)}`}>
              <Foreign>{deviceOf(row)}</Foreign>
            </a>
          ),
        ],
        [
          'Source',
          device && (
            <>
              {device.source}
              {device.live ? ', asked while the station waited' : ''}
            </>
          ),
        ],
        ['As of', device && <When at={device.asOf} form="exact" />],
        ['User', <Foreign key="user">{userOf(row)}</Foreign>],
        ['MAC address', <MacAddress key="mac" mac={macOf(row)} />],
        ['Site', <Foreign key="site">{site}</Foreign>],
        ['NAS', <Foreign key="nas">{nasOf(row)}</Foreign>],
        ['Port or SSID', <Foreign key="place">{placeOf(row)}</Foreign>],
        ['Method', <Foreign key="method">{facts?.methods?.join(', ') ?? method}</Foreign>],
        ['RADIUS server', <Foreign key="client">{client}</Foreign>],
        ['Holds for', outcome.verdict === 'permit' ? writeSpan(decision.sessionTimeoutSeconds * 1_000) : undefined],
        ['Problems', problemText === '' ? undefined : problemText],
        ['Could not be read', decision.unread?.join(', ')],
        [
          'Session',
          <a key="session" href={`/console/sessions?session=${encodeURIComponent(id)}`}>
            <code>{id}</code>
          </a>,
        ],
        ['Decision', <code key="id">{decision.id}</code>],
      ]}
    />
  );
}

/** For engineers: folded away, and open in print. */
export function DecisionFacts({ decision: { decision, presented } }: { readonly decision: ExplainedDecision }) {
  if (decision.facts === undefined) return null;
  return (
    <Section title="All that policy looked at">
      <details>
        <summary>Facts as they were recorded</summary>
        <pre class="facts">
          <Lines text={JSON.stringify({ facts: decision.facts, presented }, null, 2)} />
        </pre>
      </details>
    </Section>
  );
}

function Lines({ text }: { readonly text: string }) {
  return (
    <>
      {text.split('\n').map((line, index) => (
        <div key={index}>
          <Foreign>{line}</Foreign>
        </div>
      ))}
    </>
  );
}
