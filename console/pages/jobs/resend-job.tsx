// Sends a job again that came to nothing, with a reason for the audit.

import { send } from '../../api/client.ts';
import { plainForeign } from '../../components/foreign-text.ts';
import { ReasonedAction } from '../../components/reasoned-action.tsx';
import { nasOfJob } from './job-filters.ts';
import type { Job } from './job-words.ts';
import { TEXTS } from './texts.ts';

export function ResendJob({ job, onChanged }: { readonly job: Job; readonly onChanged: () => void }) {
  return (
    <ReasonedAction
      label={TEXTS.resend}
      needs="act"
      site={job.site}
      name={`resend.${job.id}`}
      title={TEXTS.resendTitle}
      consequence={<p>{TEXTS.resendConsequence(job.action, plainForeign(nasOfJob(job)))}</p>}
      run={async (reason) => {
        await send('POST', `/api/jobs/${encodeURIComponent(job.site)}/${encodeURIComponent(job.id)}/resend`, {
          reason,
        });
        onChanged();
        return TEXTS.resent;
      }}
    />
  );
}
