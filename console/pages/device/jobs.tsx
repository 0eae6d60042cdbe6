// The CoA jobs of a device, each as the line of stages that it has gone through.

import type { Job } from '../../api/answers.ts';
import { Foreign } from '../../components/foreign.tsx';
import { Status } from '../../components/status.tsx';
import { spaced, stageKind } from '../../components/status-words.ts';
import { When } from '../../components/when.tsx';
import { DEVICE_TEXTS as TEXTS } from '../device-texts.ts';

export function DeviceJobs({ jobs }: { readonly jobs: readonly Job[] }) {
  if (jobs.length === 0) return <p class="muted">{TEXTS.noJobs}</p>;
  return (
    <ul class="jobs">
      {jobs.map((job) => (
        <li key={`${job.site}|${job.id}`}>
          <p class="job-head">
            <Status kind={stageKind(job.stage)}>{spaced(job.stage)}</Status> <strong>{spaced(job.action)}</strong>{' '}
            <span class="muted">
              {job.site} · <Foreign>{job.reason}</Foreign> · {TEXTS.attempt(job.attempt)} · <When at={job.decidedAt} />
            </span>
          </p>
          <ol class="timeline">
            {job.steps.map((step, index) => (
              <li key={index} class={stageKind(step.stage)}>
                <span>{spaced(step.stage)}</span>
                <When at={step.at} form="exact" />
              </li>
            ))}
          </ol>
          {job.hint !== undefined && (
            <p class="muted">
              {TEXTS.hint}: <Foreign>{job.hint}</Foreign>
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}
