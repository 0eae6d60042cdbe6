// A draft of the policy: edited, compared with what is in force, stored and activated. The text outlives a reload and a
// sign-in; what it was begun from stands beside it.

import { useEffect, useMemo, useState } from 'preact/hooks';
import { Problem } from '../../components/problem.tsx';
import { ReasonedAction } from '../../components/reasoned-action.tsx';
import { Section } from '../../components/section.tsx';
import { useDraft } from '../../shell/use-draft.ts';
import { ActivateDraft } from './activate-draft.tsx';
import type { PolicyOverview } from './policy-answers.ts';
import { markedProblems } from './policy-problems.ts';
import { ProblemList } from './problem-list.tsx';
import { TEXTS } from './texts.ts';
import { useEditor } from './use-editor.ts';
import { useText, WITHOUT_TEXT } from './use-text.ts';
import { useWhatIf } from './use-what-if.ts';
import { WhatIf } from './what-if.tsx';

interface DraftProps {
  readonly overview: PolicyOverview;
  /** The version that a new draft begins from; that in force where absent. */
  readonly from: string | undefined;
  readonly onChanged: () => void;
}

/** To begin with where nothing has a text: a whole policy that permits what is compliant. */
const FIRST = `roles:
  staff: { vlan: 10, sessionTimeout: 8h }
  quarantine: { vlan: 666, sessionTimeout: 30m }
rules:
  - name: compliant
    when: { compliance: compliant }
    permit: staff
  - name: everyone-else
    permit: quarantine
`;

export function Draft({ overview, from, onChanged }: DraftProps) {
  const { inForce } = overview;
  const [draft, setDraft, forgetDraft] = useDraft('policy.text');
  const [begunFrom, setBegunFrom, forgetBegin] = useDraft('policy.begun-from');
  const base = useText(inForce);
  const start = useText(from ?? inForce);
  const startText = start.text === '' ? FIRST : start.text;
  // A link to a version begins with its text only where nothing was typed.
  useEffect(() => {
    if (startText === undefined || begunFrom !== '') return;
    setDraft(startText);
    setBegunFrom(from ?? inForce);
  }, [startText, begunFrom, from, inForce, setDraft, setBegunFrom]);
  const whatIf = useWhatIf(draft);
  const Editor = useEditor();
  const [showsDifference, setShowsDifference] = useState(false);
  const [goTo, setGoTo] = useState<{ readonly at: number }>();
  const problems = useMemo(
    () => markedProblems(whatIf.error?.refusal.problems ?? [], whatIf.comparedText),
    [whatIf.error, whatIf.comparedText],
  );
  const isChanged = begunFrom !== '' && draft !== base.text;
  const discard = (): void => {
    forgetDraft();
    forgetBegin();
    whatIf.forget();
  };
  return (
    <>
      <Section
        title={TEXTS.draftOf(begunFrom === WITHOUT_TEXT ? 'an example' : begunFrom || inForce)}
        aside={
          <label class="check">
            <input
              type="checkbox"
              checked={showsDifference}
              onChange={({ currentTarget }) => setShowsDifference(currentTarget.checked)}
            />
            <span>{TEXTS.diffShown}</span>
          </label>
        }
      >
        <Problem error={base.error ?? start.error} />
        {Editor !== undefined && begunFrom !== '' ? (
          <Editor
            label={TEXTS.editorLabel}
            text={draft}
            onChange={setDraft}
            problems={problems}
            original={showsDifference ? (base.text ?? '') : undefined}
            goTo={goTo}
          />
        ) : (
          <div class="editor" aria-busy="true" />
        )}
        <p class="muted">{isChanged ? TEXTS.editorKeys : TEXTS.unchanged}</p>
        <ProblemList problems={problems} onGoTo={(at) => setGoTo({ at })} />
        {problems.length === 0 && <Problem error={whatIf.error} onRetry={whatIf.run} />}
        <div class="buttons">
          <WhatIfButtons whatIf={whatIf} />
          <ActivateDraft
            overview={overview}
            text={draft}
            compared={whatIf.isCurrent}
            onDone={() => {
              discard();
              onChanged();
            }}
          />
          {begunFrom !== '' && isChanged && (
            <ReasonedAction
              label={TEXTS.discard}
              needs="read"
              reasonOptional
              name="policy.discard"
              title={TEXTS.discardTitle}
              consequence={<p>{TEXTS.discardConsequence}</p>}
              run={async () => {
                discard();
                return TEXTS.unchanged;
              }}
            />
          )}
        </div>
      </Section>
      {whatIf.report && <WhatIf report={whatIf.report} isCurrent={whatIf.isCurrent} />}
    </>
  );
}

function WhatIfButtons({ whatIf }: { readonly whatIf: ReturnType<typeof useWhatIf> }) {
  if (whatIf.running) {
    return (
      <button type="button" onClick={whatIf.stop}>
        {TEXTS.comparing} {TEXTS.stop}
      </button>
    );
  }
  return (
    <button type="button" class="primary" onClick={whatIf.run}>
      {TEXTS.whatIf}
    </button>
  );
}
