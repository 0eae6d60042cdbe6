// CoA jobs of the decision's session, with a link to each.

import type { ExplainedDecision } from '../../api/answers.ts';
import { DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Section } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import { spaced, stageKind } from '../../components/status-words.ts';
import { When } from '../../components/when.tsx';

export function DecisionJobs({ decision: { jobs, jobsComplete } }: { readonly decision: ExplainedDecision }) {
  if (jobs.length === 0) {
    return (
      <Section title="CoA jobs">
        <p class="muted">None since an hour before this decision.</p>
      </Section>
    );
  }
  return (
    <Section title="CoA jobs" aside={!jobsComplete && <span class="muted">not all were looked at</span>}>
      <DataTable
        caption="CoA jobs of this session"
        quietCaption
        rows={jobs}
        rowKey={({ id }) => id}
        columns={[
          {
            key: 'decided',
            title: 'Decided',
            rowHeader: true,
            cell: ({ site, id, decidedAt }) => (
              <a href={`/console/jobs?site=${encodeURIComponent(site)}&job=${encodeURIComponent(id)}`}>
                <When at={decidedAt} />
              </a>
            ),
          },
          {
            key: 'stage',
            title: 'Stage',
            cell: ({ stage }) => <Status kind={stageKind(stage)}>{spaced(stage)}</Status>,
          },
          { key: 'action', title: 'Action', cell: ({ action }) => action },
          { key: 'reason', title: 'Reason', cell: ({ reason }) => <Foreign>{reason}</Foreign> },
        ]}
      />
    </Section>
  );
}
