// The doctor: every connection tested, what fails with what to do.

import { useState } from 'preact/hooks';
import type { DoctorReport } from '../../api/answers.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { Foreign } from '../../components/foreign.tsx';
import { Problem } from '../../components/problem.tsx';
import { Section } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import { When } from '../../components/when.tsx';
import { TEXTS } from './texts.ts';

type Check = DoctorReport['checks'][number];
const KINDS = { ok: 'good', warn: 'warn', failed: 'bad', skipped: 'none' } as const;

export function Doctor() {
  const [asked, setAsked] = useState(false);
  const { data, error, loading, reload } = useAnswer<DoctorReport>(asked ? '/api/doctor' : undefined);
  return (
    <>
      <div class="list-head">
        <button type="button" class="primary" disabled={loading} onClick={() => (asked ? reload() : setAsked(true))}>
          {loading ? TEXTS.loading : TEXTS.runDoctor}
        </button>
        <span class="muted">{TEXTS.doctorNote}</span>
      </div>
      <Problem error={error} onRetry={reload} older={data !== undefined} />
      {data && (
        <Section
          title={data.ok ? 'No check failed' : `${data.counts.failed} checks failed`}
          aside={
            <span class="muted">
              {data.counts.ok} ok, {data.counts.warn} with a warning, {data.counts.skipped} left out,{' '}
              <When at={data.at} />
            </span>
          }
        >
          <ul class="checks">
            {data.checks.map((check) => (
              <CheckItem key={check.name} check={check} />
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

function CheckItem({ check: { title, status, saw, means, action, code, details = [] } }: { readonly check: Check }) {
  return (
    <li>
      <p>
        <Status kind={KINDS[status]}>{status}</Status> <strong>{title}</strong> <Foreign>{saw}</Foreign>
      </p>
      {means !== undefined && (
        <p class="muted">
          <Foreign>{means}</Foreign>
        </p>
      )}
      {action !== undefined && (
        <p>
          <Foreign>{action}</Foreign> {code !== undefined && <code>{code}</code>}
        </p>
      )}
      {details.map((line) => (
        <p key={line} class="muted">
          <Foreign>{line}</Foreign>
        </p>
      ))}
    </li>
  );
}
