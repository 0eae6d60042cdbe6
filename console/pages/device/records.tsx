// What each source says of the machine, with the age of what it says.

import type { DeviceView } from '../../api/answers.ts';
import { Foreign } from '../../components/foreign.tsx';
import { Fields } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import { spaced, standingKind } from '../../components/status-words.ts';
import { When } from '../../components/when.tsx';
import { DEVICE_TEXTS as TEXTS } from '../device-texts.ts';

type DeviceRecord = DeviceView['records'][number];

export function DeviceRecords({ records }: { readonly records: DeviceView['records'] }) {
  return records.map((record) => <OneRecord key={`${record.source}|${record.id}`} record={record} />);
}

function OneRecord({ record }: { readonly record: DeviceRecord }) {
  const { says, held } = record;
  const flag = (value: boolean | undefined) => (value === undefined ? undefined : value ? TEXTS.yes : TEXTS.no);
  const foreign = (value: string | undefined) => (value === undefined ? undefined : <Foreign>{value}</Foreign>);
  return (
    <div class="record">
      <p class="record-head">
        <Status kind={standingKind(record.standing)}>{spaced(record.standing)}</Status>
        {record.marks.map((mark) => (
          <Status key={mark} kind={standingKind(mark)}>
            {spaced(mark)}
          </Status>
        ))}
        {held !== undefined && (
          <Status kind="held" title={TEXTS.heldTitle(held.runId)}>
            {TEXTS.heldState(spaced(held.standing ?? 'gone'))}
          </Status>
        )}
        <span class="muted">
          {record.source} · <When at={record.asOf} />
        </span>
      </p>
      <Fields
        fields={[
          [TEXTS.present, record.present ? undefined : TEXTS.gone],
          [TEXTS.user, foreign(says.userPrincipalName)],
          [TEXTS.system, foreign([says.operatingSystem, says.osVersion].filter(Boolean).join(' '))],
          [TEXTS.model, foreign(says.model)],
          [TEXTS.checkIn, says.lastSyncAt && <When at={says.lastSyncAt} />],
          [TEXTS.management, foreign(says.managementState)],
          [TEXTS.encrypted, flag(says.isEncrypted)],
          ['Id', <code key="id">{record.id}</code>],
        ]}
      />
    </div>
  );
}
