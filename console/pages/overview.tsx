// Overview: is all well, how old is what the connector knows, and what waits for a person?

import { send } from '../api/client.ts';
import { Page } from '../components/page.tsx';
import { Problem } from '../components/problem.tsx';
import { ReasonedAction } from '../components/reasoned-action.tsx';
import { overview, overviewError, readOverview } from '../shell/overview-polling.ts';
import { TEXTS as SHELL } from '../texts.ts';
import { Freshness } from './overview/freshness.tsx';
import { HeldRuns } from './overview/held-runs.tsx';
import { OverviewTables } from './overview/tables.tsx';
import { OVERVIEW_TEXTS as TEXTS } from './overview-texts.ts';

export function OverviewPage() {
  const current = overview.value;
  const error = overviewError.value;
  return (
    <Page title={SHELL.pages.overview} lead={TEXTS.lead} actions={<SweepNow />}>
      <Problem error={error} onRetry={() => void readOverview()} older={current !== undefined} />
      {current === undefined && error === undefined && <p class="muted">{SHELL.loading}</p>}
      {current !== undefined && (
        <>
          <HeldRuns held={current.held} />
          <Freshness overview={current} />
          <OverviewTables overview={current} />
        </>
      )}
    </Page>
  );
}

function SweepNow() {
  return (
    <ReasonedAction
      label={TEXTS.sweepNow}
      needs="administer"
      name="sweep"
      title={TEXTS.sweepTitle}
      consequence={<p>{TEXTS.sweepConsequence}</p>}
      reasonOptional
      run={async (reason) => {
        const { sweep } = await send<{ sweep: string }>('POST', '/api/poll/sweep', reason === '' ? {} : { reason });
        await readOverview();
        return sweep === 'under-way' ? TEXTS.sweepUnderWay : TEXTS.sweepAsked;
      }}
    />
  );
}
