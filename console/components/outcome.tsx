// What the network was asked to do with a station: the verdict as a status, role and VLAN behind it.

import type { Outcome as OutcomeOfApi } from '../api/answers.ts';
import { TEXTS } from '../texts.ts';
import { Foreign } from './foreign.tsx';
import { Status } from './status.tsx';

export function Outcome({ outcome }: { readonly outcome: OutcomeOfApi | undefined }) {
  if (outcome === undefined) return <span class="muted">–</span>;
  if (outcome.verdict === 'deny') return <Status kind="bad">{TEXTS.deny}</Status>;
  return (
    <span class="outcome">
      <Status kind={outcome.redirectUrl === undefined ? 'good' : 'warn'}>{TEXTS.permit}</Status>{' '}
      <Foreign>{outcome.role}</Foreign>
      {outcome.vlan !== undefined && (
        <span class="muted">
          {' '}
          {TEXTS.vlan} <Foreign>{outcome.vlan}</Foreign>
        </span>
      )}
    </span>
  );
}
