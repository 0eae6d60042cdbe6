// A button for a change that is asked for a reason first. Where the person's role does not permit it, the button says
// which role is missing.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type ConsolePermission, may, roleFor } from '../sign-in/may.ts';
import { TEXTS } from '../texts.ts';
import { announce } from './announcer.tsx';
import { ReasonDialog } from './reason-dialog.tsx';

interface ReasonedActionProps {
  /** On the button; also the verb in the dialog, where `confirm` gives none. */
  readonly label: string;
  readonly confirm?: string;
  readonly needs: ConsolePermission;
  /** Where it is done; a role for any site is enough without one. */
  readonly site?: string;
  /** Unique for the change and what it is about. */
  readonly name: string;
  readonly title: string;
  readonly consequence: ComponentChildren;
  readonly danger?: boolean;
  readonly primary?: boolean;
  readonly reasonOptional?: boolean;
  readonly fields?: ComponentChildren;
  /** Makes the change. @returns what to say when it is done */
  readonly run: (reason: string) => Promise<string>;
}

export function ReasonedAction(props: ReasonedActionProps) {
  const { label, confirm = label, needs, site, danger = false, primary = false, fields, run, ...dialog } = props;
  const [open, setOpen] = useState(false);
  const permitted = may(needs, site);
  const missing = permitted ? undefined : TEXTS.needsRole(roleFor(needs));
  return (
    <>
      <button
        type="button"
        class={danger ? 'danger-outline' : primary ? 'primary' : undefined}
        aria-disabled={!permitted}
        title={missing}
        {...(missing && { 'aria-description': missing })}
        onClick={() => (permitted ? setOpen(true) : announce(missing ?? ''))}
      >
        {label}
      </button>
      {open && (
        <ReasonDialog
          {...dialog}
          confirm={confirm}
          danger={danger}
          run={async (reason) => announce(await run(reason))}
          onClose={() => setOpen(false)}
        >
          {fields}
        </ReasonDialog>
      )}
    </>
  );
}
