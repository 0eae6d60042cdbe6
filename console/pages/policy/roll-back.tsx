// Brings the version before back into force.

import { send } from '../../api/client.ts';
import { ReasonedAction } from '../../components/reasoned-action.tsx';
import type { PolicyOverview } from './policy-answers.ts';
import { TEXTS } from './texts.ts';

interface RollBackProps {
  readonly overview: PolicyOverview;
  readonly onChanged: () => void;
}

export function RollBack({ overview: { inForce, rollbackTo = '' }, onChanged }: RollBackProps) {
  return (
    <ReasonedAction
      label={TEXTS.rollBack}
      needs="administer"
      danger
      name={`roll-back.${inForce}`}
      title={TEXTS.rollBackTitle(rollbackTo)}
      consequence={<p>{TEXTS.rollBackConsequence(inForce, rollbackTo)}</p>}
      run={async (reason) => {
        // Only from what is in view: a repetition must not go back twice.
        await send('POST', `/api/policies/rollback?from=${encodeURIComponent(inForce)}`, { reason });
        onChanged();
        return TEXTS.rolledBack(rollbackTo);
      }}
    />
  );
}
