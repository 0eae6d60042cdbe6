// The rules of the version in force in their order, with how often each decided in a time range.

import { useAnswer } from '../../api/use-answer.ts';
import { DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Problem } from '../../components/problem.tsx';
import { Section } from '../../components/section.tsx';
import { When } from '../../components/when.tsx';
import { TimeRange } from '../../lists/time-range.tsx';
import type { PolicyOverview, RuleHits } from './policy-answers.ts';
import { ruleNames } from './rule-names.ts';
import { type RuleRow, ruleRows } from './rule-rows.ts';
import { TEXTS } from './texts.ts';
import { useText } from './use-text.ts';

const USUAL_SINCE = '24h';

interface RulesProps {
  readonly overview: PolicyOverview;
  readonly since: string | undefined;
  readonly onSince: (since: string) => void;
}

export function Rules({ overview: { inForce }, since, onSince }: RulesProps) {
  const text = useText(inForce);
  const hits = useAnswer<RuleHits>(`/api/policies/hits?${new URLSearchParams({ since: since ?? USUAL_SINCE })}`);
  const rows = ruleRows(inForce, ruleNames(text.text ?? ''), hits.data);
  const total = rows.reduce((sum, { permits, denies }) => sum + permits + denies, 0);
  return (
    <Section
      title={TEXTS.rules}
      aside={
        hits.data && (
          <span class="muted">
            whole hours, counted until <When at={hits.data.countedUntil} form="exact" />
          </span>
        )
      }
    >
      <div class="list-head">
        <TimeRange since={since} until={undefined} usual={USUAL_SINCE} onChange={(range) => onSince(range.since)} />
      </div>
      <Problem error={text.error ?? hits.error} onRetry={hits.reload} older={hits.data !== undefined} />
      <DataTable
        caption="Rules and how often they decided"
        quietCaption
        rows={rows}
        rowKey={({ rule, policyVersion }) => `${policyVersion} ${rule}`}
        loading={hits.loading}
        empty="No rule has decided in this time range."
        columns={columns(total, since ?? USUAL_SINCE)}
      />
    </Section>
  );
}

function columns(total: number, since: string) {
  return [
    {
      key: 'place',
      title: '#',
      numeric: true,
      cell: ({ place }: RuleRow) => place ?? '–',
      sortBy: ({ place }: RuleRow) => place,
    },
    {
      key: 'rule',
      title: 'Rule',
      rowHeader: true,
      cell: ({ rule, inForce, policyVersion }: RuleRow) => (
        <>
          <Foreign>{rule}</Foreign> {!inForce && <span class="tag">of {policyVersion}</span>}
        </>
      ),
      sortBy: ({ rule }: RuleRow) => rule,
    },
    {
      key: 'hits',
      title: 'Hits',
      numeric: true,
      cell: ({ permits, denies }: RuleRow) => <Share count={permits + denies} of={total} />,
      sortBy: ({ permits, denies }: RuleRow) => permits + denies,
    },
    {
      key: 'permits',
      title: 'Permits',
      numeric: true,
      cell: ({ permits }: RuleRow) => permits.toLocaleString('en'),
      sortBy: ({ permits }: RuleRow) => permits,
    },
    {
      key: 'denies',
      title: 'Denials',
      numeric: true,
      cell: ({ denies }: RuleRow) => denies.toLocaleString('en'),
      sortBy: ({ denies }: RuleRow) => denies,
    },
    {
      key: 'sites',
      title: 'Sites',
      cell: ({ bySite }: RuleRow) => <Sites bySite={bySite} />,
    },
    {
      key: 'decisions',
      title: 'See',
      cell: ({ rule, policyVersion }: RuleRow) => (
        <a href={`/console/decisions?${new URLSearchParams({ since, rule, policy: policyVersion })}`}>decisions</a>
      ),
    },
  ];
}

/** A figure with a bar below it, which says nothing that the figure does not. */
function Share({ count, of }: { readonly count: number; readonly of: number }) {
  return (
    <span class="share">
      <span>{count.toLocaleString('en')}</span>
      <meter min={0} max={Math.max(1, of)} value={count} aria-hidden="true" />
    </span>
  );
}

function Sites({ bySite }: { readonly bySite: Readonly<Record<string, number>> }) {
  const sites = Object.entries(bySite).sort(([, one], [, other]) => other - one);
  if (sites.length === 0) return <span class="muted">never decided</span>;
  const shown = sites.slice(0, 3);
  return (
    <span>
      {shown.map(([site, count], index) => (
        <span key={site}>
          {index > 0 && ', '}
          <Foreign>{site}</Foreign> <span class="muted">{count.toLocaleString('en')}</span>
        </span>
      ))}
      {sites.length > shown.length && <span class="muted"> and {sites.length - shown.length} more</span>}
    </span>
  );
}
