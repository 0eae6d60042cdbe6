// Blocks and exceptions of a device, with who made them, why, and until when.

import type { DeviceView } from '../../api/answers.ts';
import { send } from '../../api/client.ts';
import { Foreign } from '../../components/foreign.tsx';
import { ReasonedAction } from '../../components/reasoned-action.tsx';
import { Status } from '../../components/status.tsx';
import { When } from '../../components/when.tsx';
import { DEVICE_TEXTS as TEXTS } from '../device-texts.ts';

interface OverridesProps {
  readonly overrides: DeviceView['overrides'];
  readonly onChange: () => void;
}

export function DeviceOverrides({ overrides, onChange }: OverridesProps) {
  if (overrides.length === 0) return <p class="muted">{TEXTS.noOverrides}</p>;
  return (
    <ul class="plain-list">
      {overrides.map((each) => (
        <li key={each.id}>
          <div>
            <Status kind={each.inForce ? (each.block ? 'bad' : 'warn') : 'none'}>
              {each.block ? TEXTS.block : TEXTS.letOn(each.role ?? '')}
            </Status>{' '}
            {each.inForce ? TEXTS.inForce : each.endedAt ? TEXTS.ended : TEXTS.expired} {TEXTS.until}{' '}
            <When at={each.endedAt ?? each.until} form="both" />
            <p class="muted">
              <Foreign>{each.reason}</Foreign> · {TEXTS.by} <Foreign>{each.by}</Foreign>
              {each.site !== undefined && ` · ${each.site}`}
            </p>
          </div>
          {each.inForce && (
            <ReasonedAction
              label={TEXTS.end}
              needs="act"
              {...(each.site !== undefined && { site: each.site })}
              name={`end-override.${each.id}`}
              title={TEXTS.endTitle}
              consequence={<p>{TEXTS.endConsequence}</p>}
              reasonOptional
              run={async (reason) => {
                await send(
                  'POST',
                  `/api/overrides/${encodeURIComponent(each.id)}/end`,
                  reason === '' ? {} : { reason },
                );
                onChange();
                return TEXTS.endDone;
              }}
            />
          )}
        </li>
      ))}
    </ul>
  );
}
