// Asks for a reason before a change is made: it stands in the audit beside the name. What was typed outlives a failure,
// a reload and a sign-in.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../api/api-error.ts';
import { useDraft } from '../shell/use-draft.ts';
import { TEXTS } from '../texts.ts';
import { Problem } from './problem.tsx';

export interface ReasonDialogProps {
  /** Unique for the change and what it is about; the draft is kept under it. */
  readonly name: string;
  /** The question: `Release the held run?` */
  readonly title: string;
  /** What will happen, how many are concerned. */
  readonly consequence: ComponentChildren;
  /** The verb on the button. */
  readonly confirm: string;
  readonly danger?: boolean;
  /** The API takes the change without a reason. */
  readonly reasonOptional?: boolean;
  /** Further fields. */
  readonly children?: ComponentChildren;
  /** Makes the change; what it throws is shown in the dialog. */
  readonly run: (reason: string) => Promise<void>;
  readonly onClose: () => void;
}

/** Characters that the API takes. */
const LONGEST_REASON = 500;

export function ReasonDialog(props: ReasonDialogProps) {
  const { name, title, consequence, confirm, danger = false, reasonOptional = false, children, run, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason, forget] = useDraft(`reason.${name}`);
  const [error, setError] = useState<ApiError>();
  const [running, setRunning] = useState(false);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setRunning(true);
    setError(undefined);
    try {
      await run(reason.trim());
      forget();
      onClose();
    } catch (thrown) {
      setError(toApiError(thrown));
      setRunning(false);
    }
  };
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        if (!running) onClose();
      }}
    >
      <form onSubmit={(event) => void submit(event)}>
        <h2 id={id}>{title}</h2>
        <div class="consequence">{consequence}</div>
        {children}
        <label class="field">
          <span>{reasonOptional ? TEXTS.reasonOptional : TEXTS.reason}</span>
          <textarea
            rows={2}
            maxLength={LONGEST_REASON}
            required={!reasonOptional}
            value={reason}
            placeholder={TEXTS.reasonExample}
            onInput={({ currentTarget }) => setReason(currentTarget.value.replace(/\s*\n\s*/g, ' '))}
          />
        </label>
        <Problem error={error} />
        <p class="buttons end">
          <button type="button" onClick={onClose} disabled={running}>
            {TEXTS.cancel}
          </button>
          <button
            type="submit"
            class={danger ? 'danger' : 'primary'}
            disabled={running || (!reasonOptional && reason.trim() === '')}
          >
            {running ? TEXTS.working : confirm}
          </button>
        </p>
      </form>
    </dialog>
  );
}
