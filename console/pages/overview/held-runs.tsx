// What waits for a person: a run whose changes the breaker holds, with who is concerned, how many, and both decisions.

import type { Overview } from '../../api/answers.ts';
import { send } from '../../api/client.ts';
import { Foreign } from '../../components/foreign.tsx';
import { ReasonedAction } from '../../components/reasoned-action.tsx';
import { Notice } from '../../components/section.tsx';
import { When } from '../../components/when.tsx';
import { readOverview } from '../../shell/overview-polling.ts';
import { OVERVIEW_TEXTS as TEXTS } from '../overview-texts.ts';

type Held = Overview['held'][number];

export function HeldRuns({ held }: { readonly held: readonly Held[] }) {
  return held.map((each) => <HeldRun key={`${each.source}|${each.run.runId}`} held={each} />);
}

function HeldRun({ held: { source, run } }: { readonly held: Held }) {
  const { changing, known, flips, absences, runId, released, refused } = run;
  const judge = async (verb: 'release' | 'refuse', reason: string): Promise<void> => {
    await send('POST', `/api/poll/${verb}`, { runId, source, reason });
    await readOverview();
  };
  const percent = known === 0 ? `${changing}` : `${((100 * changing) / known).toFixed(1)} %`;
  const judged = released ?? refused;
  return (
    <Notice kind="held" alarm={judged === undefined}>
      <p>
        <strong>{TEXTS.held(percent)}</strong>
      </p>
      <p>{TEXTS.heldWho(flips, absences, changing, known, source)}</p>
      <p class="muted">
        {TEXTS.heldSince} <When at={run.heldAt} form="both" /> · <code>{runId}</code>
      </p>
      {judged !== undefined && (
        <p>
          {released ? TEXTS.released(released.by) : TEXTS.refused(judged.by)} <Foreign>{judged.reason}</Foreign>
        </p>
      )}
      {released === undefined && (
        <p class="buttons">
          <ReasonedAction
            label={TEXTS.release}
            needs="administer"
            name={`release.${runId}`}
            title={TEXTS.releaseTitle}
            consequence={<p>{TEXTS.releaseConsequence(changing)}</p>}
            danger
            run={async (reason) => {
              await judge('release', reason);
              return TEXTS.releaseDone;
            }}
          />
          {refused === undefined && (
            <ReasonedAction
              label={TEXTS.refuse}
              needs="administer"
              name={`refuse.${runId}`}
              title={TEXTS.refuseTitle}
              consequence={<p>{TEXTS.refuseConsequence}</p>}
              run={async (reason) => {
                await judge('refuse', reason);
                return TEXTS.refuseDone;
              }}
            />
          )}
        </p>
      )}
    </Notice>
  );
}
