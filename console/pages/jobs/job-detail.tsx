// One job: what it wants, its stages as a timeline, and what the relay and the NAS said.

import type { JobPage } from '../../api/answers.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { CopyForTicket, ticketMoment } from '../../components/copy-for-ticket.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Outcome } from '../../components/outcome.tsx';
import { Problem } from '../../components/problem.tsx';
import { Fields, Notice, Section } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import { writeSpan } from '../../components/times.ts';
import { When } from '../../components/when.tsx';
import { nasOfJob } from './job-filters.ts';
import { causeOf, causeWords, type Job, mayBeResent, stageWords } from './job-words.ts';
import { ResendJob } from './resend-job.tsx';
import { TEXTS } from './texts.ts';
import { pathOfJob } from './use-jobs.ts';

interface JobDetailProps {
  readonly id: string;
  readonly site: string | undefined;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

export function JobDetail({ id, site, onClose, onChanged }: JobDetailProps) {
  const { data, error, loading, reload } = useAnswer<JobPage>(pathOfJob(site, id));
  const job = data?.jobs.find((each) => each.id === id);
  return (
    <Section
      title="One job"
      aside={
        <span class="buttons">
          {job && <CopyForTicket lines={() => ticket(job)} />}
          {job && mayBeResent(job) && (
            <ResendJob
              job={job}
              onChanged={() => {
                reload();
                onChanged();
              }}
            />
          )}
          <button type="button" onClick={onClose}>
            {TEXTS.close}
          </button>
        </span>
      }
    >
      <Problem error={error} onRetry={reload} />
      {job ? <Detail job={job} /> : !loading && !error && <p class="muted">{TEXTS.notFound}</p>}
    </Section>
  );
}

function Detail({ job }: { readonly job: Job }) {
  const { session, device, deadLetter } = job;
  const cause = causeOf(job);
  return (
    <div class="stack">
      {job.hint !== undefined && (
        <Notice kind="warn">
          <p>
            <Foreign>{job.hint}</Foreign>
          </p>
        </Notice>
      )}
      <Timeline job={job} />
      <Fields
        fields={[
          [
            'Stage',
            <Status key="stage" kind={stageWords(job.stage).kind}>
              {stageWords(job.stage).word}
            </Status>,
          ],
          ['That is', stageWords(job.stage).means || undefined],
          ['Cause', cause === '' ? undefined : causeWords(cause)],
          ['Action', job.action],
          ['Answer given', <Outcome key="answered" outcome={job.answered} />],
          ['Answer wanted', job.wanted ? <Outcome outcome={job.wanted} /> : 'any'],
          ['Reason', <Foreign key="reason">{job.reason}</Foreign>],
          ['Site', <Foreign key="site">{job.site}</Foreign>],
          ['NAS', <Foreign key="nas">{nasOfJob(job)}</Foreign>],
          ['NAS profile', job.profile],
          ['Relay', job.relay && <Foreign>{job.relay}</Foreign>],
          ['Station', <Foreign key="station">{session.callingStationId}</Foreign>],
          ['User', session.userName && <Foreign>{session.userName}</Foreign>],
          [
            'Device',
            device && (
              <a href={`/console/devices/${encodeURIComponent(device.id)}`}>
                <Foreign>{device.id}</Foreign>
              </a>
            ),
          ],
          [
            'Session',
            <a key="session" href={`/console/sessions?session=${encodeURIComponent(job.sessionId)}`}>
              <code>{job.sessionId}</code>
            </a>,
          ],
          [
            'Dead letter',
            deadLetter && (
              <>
                <Foreign>{deadLetter.reason}</Foreign>, <When at={deadLetter.at} form="exact" />
              </>
            ),
          ],
          [
            'Answers that did not count',
            job.discarded &&
              Object.entries(job.discarded)
                .map(([why, count]) => `${why}: ${count}`)
                .join(', '),
          ],
          ['Sent until', <When key="expires" at={job.expiresAt} form="exact" />],
          ['Resent from', job.resentFrom && <code>{job.resentFrom}</code>],
          ['Job', <code key="id">{job.id}</code>],
        ]}
      />
    </div>
  );
}

function Timeline({ job: { steps, decidedAt } }: { readonly job: Job }) {
  const start = Date.parse(decidedAt);
  return (
    <ol class="timeline">
      {steps.map(({ stage, attempt, at }) => (
        <li key={`${stage} ${attempt} ${at}`}>
          <Status kind={stageWords(stage).kind}>{stageWords(stage).word}</Status>
          <span class="muted">
            <When at={at} form="exact" />
            {Date.parse(at) > start && ` · after ${writeSpan(Date.parse(at) - start)}`}
            {attempt > 1 && ` · attempt ${attempt}`}
          </span>
        </li>
      ))}
    </ol>
  );
}

function ticket(job: Job) {
  const cause = causeOf(job);
  return [
    ['Decided', ticketMoment(job.decidedAt)],
    ['Stage', `${stageWords(job.stage).word} (${stageWords(job.stage).means})`],
    ['Cause', cause === '' ? undefined : causeWords(cause)],
    ['Hint', job.hint],
    ['Site', job.site],
    ['NAS', nasOfJob(job)],
    ['Station', job.session.callingStationId],
    ['User', job.session.userName],
    ['Device id', job.device?.id],
    ['Reason', job.reason],
    ['Job', job.id],
  ] as const;
}
