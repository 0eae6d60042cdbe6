// What can be done about a device: read it again, have its stations ask again, cut them off, block it or let it on.

import { useState } from 'preact/hooks';
import type { AskedForDevice, DeviceView, Refreshed } from '../../api/answers.ts';
import { send } from '../../api/client.ts';
import { ReasonedAction } from '../../components/reasoned-action.tsx';
import { spaced } from '../../components/status-words.ts';
import { useDraft } from '../../shell/use-draft.ts';
import { DEVICE_TEXTS as TEXTS } from '../device-texts.ts';

interface ActionsProps {
  readonly device: DeviceView;
  /** After a change. */
  readonly onChange: () => void;
}

const BLOCK_SPANS = ['1h', '4h', '1d', '7d', '30d'] as const;
const LET_ON_SPANS = ['1h', '4h', '1d', '3d', '7d'] as const;

export function DeviceActions({ device, onChange }: ActionsProps) {
  const path = `/api/devices/${encodeURIComponent(device.id)}`;
  const live = device.sessions.filter((session) => session.live).length;
  const ask = async (verb: 'reauthenticate' | 'disconnect', reason: string): Promise<string> => {
    const { jobs } = await send<AskedForDevice>('POST', `${path}/${verb}`, reasonOf(reason));
    onChange();
    return TEXTS.jobsMade(jobs.length);
  };
  return (
    <>
      <ReasonedAction
        label={TEXTS.refresh}
        needs="act"
        name={`refresh.${device.id}`}
        title={TEXTS.refreshTitle}
        consequence={<p>{TEXTS.refreshConsequence}</p>}
        reasonOptional
        run={async (reason) => {
          const { source } = await send<Refreshed>('POST', `${path}/refresh`, reasonOf(reason));
          onChange();
          if (source.read === 'found') return TEXTS.readFound(spaced(source.compliance));
          return source.read === 'absent' ? TEXTS.readAbsent : TEXTS.readFailed(source.message);
        }}
      />
      <ReasonedAction
        label={TEXTS.reauthenticate}
        needs="act"
        name={`reauthenticate.${device.id}`}
        title={TEXTS.reauthenticateTitle}
        consequence={<p>{TEXTS.reauthenticateConsequence(live)}</p>}
        reasonOptional
        run={(reason) => ask('reauthenticate', reason)}
      />
      <ReasonedAction
        label={TEXTS.disconnect}
        needs="act"
        name={`disconnect.${device.id}`}
        title={TEXTS.disconnectTitle}
        consequence={<p>{TEXTS.disconnectConsequence(live)}</p>}
        danger
        run={(reason) => ask('disconnect', reason)}
      />
      <BlockAction device={device} onChange={onChange} />
      <LetOnAction device={device} onChange={onChange} />
    </>
  );
}

function BlockAction({ device, onChange }: ActionsProps) {
  const [until, setUntil] = useState<string>('1d');
  return (
    <ReasonedAction
      label={TEXTS.blockAction}
      confirm={TEXTS.blockAction.replace(' until …', '')}
      needs="act"
      name={`block.${device.id}`}
      title={TEXTS.blockTitle}
      consequence={<p>{TEXTS.blockConsequence}</p>}
      danger
      fields={<SpanField spans={BLOCK_SPANS} span={until} onSpan={setUntil} />}
      run={async (reason) => {
        await send('POST', '/api/overrides', { device: device.id, block: true, until, reason });
        onChange();
        return TEXTS.blockDone;
      }}
    />
  );
}

function LetOnAction({ device, onChange }: ActionsProps) {
  const [until, setUntil] = useState<string>('4h');
  const [role, setRole, forget] = useDraft(`let-on-role.${device.id}`);
  return (
    <ReasonedAction
      label={TEXTS.letOnAction}
      confirm={TEXTS.letOnAction.replace(' until …', '')}
      needs="act"
      name={`let-on.${device.id}`}
      title={TEXTS.letOnTitle}
      consequence={<p>{TEXTS.letOnConsequence}</p>}
      fields={
        <div class="fields-row">
          <label class="field">
            <span>{TEXTS.role}</span>
            <input
              required
              maxLength={100}
              value={role}
              onInput={({ currentTarget }) => setRole(currentTarget.value)}
            />
          </label>
          <SpanField spans={LET_ON_SPANS} span={until} onSpan={setUntil} />
        </div>
      }
      run={async (reason) => {
        await send('POST', '/api/overrides', { device: device.id, role: role.trim(), until, reason });
        forget();
        onChange();
        return TEXTS.letOnDone;
      }}
    />
  );
}

interface SpanFieldProps {
  readonly spans: readonly (keyof typeof TEXTS.spans)[];
  readonly span: string;
  readonly onSpan: (span: string) => void;
}

function SpanField({ spans, span, onSpan }: SpanFieldProps) {
  return (
    <label class="field">
      <span>{TEXTS.untilField}</span>
      <select value={span} onChange={({ currentTarget }) => onSpan(currentTarget.value)}>
        {spans.map((each) => (
          <option key={each} value={each}>
            {TEXTS.spans[each]}
          </option>
        ))}
      </select>
    </label>
  );
}

function reasonOf(reason: string): { readonly reason?: string } {
  return reason === '' ? {} : { reason };
}
