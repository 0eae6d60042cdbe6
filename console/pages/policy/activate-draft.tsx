// Stores the draft under a name and puts it into force, with one reason for both.

import { useState } from 'preact/hooks';
import { send } from '../../api/client.ts';
import { ReasonedAction } from '../../components/reasoned-action.tsx';
import { Notice } from '../../components/section.tsx';
import type { PolicyOverview } from './policy-answers.ts';
import { TEXTS } from './texts.ts';
import { isVersionName, suggestedVersion } from './version-name.ts';

interface ActivateDraftProps {
  readonly overview: PolicyOverview;
  readonly text: string;
  /** Whether the draft as it is was compared with the policy in force. */
  readonly compared: boolean;
  readonly onDone: () => void;
}

export function ActivateDraft({ overview: { versions }, text, compared, onDone }: ActivateDraftProps) {
  const taken = versions.map(({ version }) => version);
  const [typed, setTyped] = useState<string>();
  const name = typed ?? suggestedVersion(new Date().toISOString(), taken);
  const wrong = !isVersionName(name) ? TEXTS.versionNameRule : taken.includes(name) ? TEXTS.versionTaken : undefined;
  return (
    <ReasonedAction
      label={TEXTS.store}
      needs="administer"
      name="policy.activate-draft"
      title={TEXTS.storeTitle}
      consequence={
        <>
          <p>{TEXTS.storeConsequence}</p>
          {!compared && (
            <Notice kind="warn">
              <p>{TEXTS.notCompared}</p>
            </Notice>
          )}
        </>
      }
      fields={
        <label class="field">
          <span>{TEXTS.versionName}</span>
          <input
            value={name}
            maxLength={64}
            spellcheck={false}
            autoComplete="off"
            aria-invalid={wrong !== undefined}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
          {wrong !== undefined && <span class="field-note">{wrong}</span>}
        </label>
      }
      run={async (reason) => {
        const path = `/api/policies/${encodeURIComponent(name)}`;
        await send('PUT', path, text, { reason });
        await send('POST', `${path}/activate`, { reason });
        setTyped(undefined);
        onDone();
        return TEXTS.activated(name);
      }}
    />
  );
}
