// How many jobs are in which stage, as the newest count found them: each a filter of the list.

import { Section } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import { When } from '../../components/when.tsx';
import { overview } from '../../shell/overview-polling.ts';
import { STAGES, stageWords } from './job-words.ts';

interface StageCountsProps {
  readonly site: string | undefined;
  readonly onStage: (stage: string) => void;
}

export function StageCounts({ site, onStage }: StageCountsProps) {
  const jobs = overview.value?.jobs;
  if (jobs === undefined) return null;
  const counts = new Map<string, number>();
  for (const each of jobs.stages) {
    if (site === undefined || each.site === site) counts.set(each.stage, (counts.get(each.stage) ?? 0) + each.jobs);
  }
  const order = Object.keys(STAGES);
  const shown = [...counts].sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
  const notEnforced = jobs.notEnforced.filter((each) => site === undefined || each.site === site);
  return (
    <Section
      title={site === undefined ? 'By stage' : `By stage at ${site}`}
      aside={
        <span class="muted">
          counted <When at={jobs.countedAt} />, jobs since <When at={jobs.since} form="exact" />
          {!jobs.complete && ', not all'}
        </span>
      }
    >
      <ul class="stage-counts">
        {shown.map(([stage, count]) => (
          <li key={stage}>
            <button type="button" class="stage-count" title={stageWords(stage).means} onClick={() => onStage(stage)}>
              <Status kind={stageWords(stage).kind}>{stageWords(stage).word}</Status>
              <strong>{count.toLocaleString('en')}</strong>
            </button>
          </li>
        ))}
        {shown.length === 0 && <li class="muted">No jobs.</li>}
      </ul>
      {notEnforced.length > 0 && (
        <p>
          <Status kind="warn">not enforced</Status>{' '}
          {notEnforced.map((each, index) => (
            <span key={each.site}>
              {index > 0 && ', '}
              <a href={`/console/jobs?site=${encodeURIComponent(each.site)}&notEnforced=true`}>
                {each.site}: {each.jobs.toLocaleString('en')}
              </a>{' '}
              <span class="muted">
                (oldest <When at={each.oldest} />)
              </span>
            </span>
          ))}
        </p>
      )}
    </Section>
  );
}
