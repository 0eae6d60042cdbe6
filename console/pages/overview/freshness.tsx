// How fresh the knowledge is, as figures: what the reader looks at first.

import type { Overview } from '../../api/answers.ts';
import { Figure, Figures } from '../../components/section.tsx';
import { When } from '../../components/when.tsx';
import { OVERVIEW_TEXTS as TEXTS } from '../overview-texts.ts';
import { liveOf, notEnforcedOf } from './site-rows.ts';

export function Freshness({ overview }: { readonly overview: Overview }) {
  const ages = overview.answerAges?.sources.toSorted((one, other) => other.answers - one.answers)[0];
  const sweep = overview.freshness.find(({ sweeps }) => sweeps) ?? overview.freshness[0];
  const note = ages === undefined ? TEXTS.noAnswers : TEXTS.answersOf(ages.answers, ages.source);
  const live = liveOf(overview);
  const unenforced = notEnforcedOf(overview);
  return (
    <Figures>
      <Figure label={TEXTS.ageMiddle} value={ages?.p50 === undefined ? '–' : TEXTS.atMost(ages.p50)} note={note} />
      <Figure label={TEXTS.ageMost} value={ages?.p95 === undefined ? '–' : TEXTS.atMost(ages.p95)} note={note} />
      <Figure
        label={TEXTS.sweep}
        value={sweep?.lastComplete ? <When at={sweep.lastComplete.startedAt} /> : TEXTS.never}
        note={sweep && TEXTS.sweepNote(sweep.source, sweep.lastComplete?.devices)}
        kind={sweep?.reachable === false ? 'warn' : 'none'}
      />
      <Figure
        label={TEXTS.live}
        value={live === undefined ? '–' : live.toLocaleString('en')}
        note={
          overview.sessions ? (
            <>
              {TEXTS.countedAt} <When at={overview.sessions.countedAt} />
            </>
          ) : (
            TEXTS.notCounted
          )
        }
      />
      <Figure
        label={TEXTS.notEnforced}
        value={
          unenforced === undefined ? (
            '–'
          ) : (
            <a href="/console/jobs?notEnforced=true">{unenforced.toLocaleString('en')}</a>
          )
        }
        note={unenforced ? TEXTS.notEnforcedNote : unenforced === 0 ? TEXTS.notEnforcedNone : TEXTS.notCounted}
        kind={unenforced ? 'bad' : 'none'}
      />
    </Figures>
  );
}
