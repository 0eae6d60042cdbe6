// The policy: what is in force and since when, its rules with their hits, the editor, and the history.

import { useAnswer } from '../../api/use-answer.ts';
import { Foreign } from '../../components/foreign.tsx';
import { Page } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { Notice } from '../../components/section.tsx';
import { When } from '../../components/when.tsx';
import { useFilters } from '../../lists/use-filters.ts';
import { Views } from '../../lists/views.tsx';
import { Draft } from './draft.tsx';
import { History } from './history.tsx';
import type { PolicyOverview } from './policy-answers.ts';
import { RollBack } from './roll-back.tsx';
import { Rules } from './rules.tsx';
import { TEXTS } from './texts.ts';
import { isProgram, shownWho } from './who.ts';

const ADDRESS = { open: ['view', 'since', 'from'], personal: [] } as const;
const VIEWS = [
  ['rules', TEXTS.rules],
  ['edit', TEXTS.edit],
  ['history', TEXTS.history],
] as const;

export function PolicyPage() {
  const policies = useAnswer<PolicyOverview>('/api/policies');
  const { filters, set } = useFilters<(typeof ADDRESS.open)[number]>(ADDRESS);
  const view = VIEWS.find(([name]) => name === filters.view)?.[0] ?? 'rules';
  const { data, error, reload } = policies;
  return (
    <Page
      title={TEXTS.title}
      lead={TEXTS.lead}
      actions={data?.rollbackTo !== undefined && <RollBack overview={data} onChanged={reload} />}
    >
      <Problem error={error} onRetry={reload} older={data !== undefined} />
      {data && <InForce overview={data} />}
      <Views label={TEXTS.title} views={VIEWS} current={view} />
      {data && view === 'rules' && <Rules overview={data} since={filters.since} onSince={(since) => set({ since })} />}
      {data && view === 'edit' && <Draft overview={data} from={filters.from} onChanged={reload} />}
      {data && view === 'history' && <History overview={data} onChanged={reload} />}
    </Page>
  );
}

function InForce({ overview }: { readonly overview: PolicyOverview }) {
  const { inForce, changedAt, settledAt, activations, versions } = overview;
  const by = activations.at(-1)?.by ?? versions.find(({ version }) => version === inForce)?.by;
  const isSettling = settledAt !== undefined && Date.parse(settledAt) > Date.now();
  return (
    <>
      <p class="in-force">
        <span class="muted">{TEXTS.inForce}</span> <strong>{inForce}</strong>
        {changedAt && (
          <>
            {' '}
            since <When at={changedAt} form="both" />
          </>
        )}
        {by !== undefined && (
          <>
            , by <Foreign>{shownWho(by)}</Foreign>
          </>
        )}
      </p>
      {inForce === 'built-in' && <p class="muted">{TEXTS.builtIn}</p>}
      {inForce !== 'built-in' && by !== undefined && isProgram(by) && (
        <Notice kind="warn">
          <p>{TEXTS.fromProgram(inForce, by)}</p>
        </Notice>
      )}
      {isSettling && (
        <Notice kind="info">
          <p>
            {TEXTS.settling} <When at={settledAt} form="both" />
          </p>
        </Notice>
      )}
    </>
  );
}
