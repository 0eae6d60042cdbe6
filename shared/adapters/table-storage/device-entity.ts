// A device record as a row, and back. Attributes are columns of their own, so that operators can read and filter them.

import type { TableEntityResult } from '@azure/data-tables';
import { COMPLIANCE_STATES, type ComplianceState } from '../../domain/device/compliance-state.ts';
import {
  DEVICE_FIELD_NAMES,
  DEVICE_FIELDS,
  type Device,
  type FieldKind,
  type HeldObservation,
  isDeviceId,
} from '../../domain/device/device.ts';
import type { Pointer } from '../../domain/identity/identity.ts';
import { StoreError } from '../../errors.ts';
import type { DeviceWrite, StoredDevice } from '../../ports/device-store.ts';
import {
  type Column,
  type Columns,
  clearableJson,
  clearableList,
  clearableText,
  count,
  DamagedColumn,
  flagColumn,
  fromColumns,
  optionalFlag,
  optionalText,
  required,
  text,
  toColumns,
  trueOrAbsent,
  wordColumn,
} from './columns.ts';
import { deviceRow } from './row-keys.ts';

interface ValueOf {
  readonly source: string;
  readonly id: string;
  readonly state: ComplianceState;
  readonly text: string | undefined;
  readonly flag: boolean | undefined;
}

const COLUMN_OF: { readonly [Kind in FieldKind]: Column<ValueOf[Kind]> } = {
  source: text,
  id: required((stored) => (typeof stored === 'string' && isDeviceId(stored) ? stored : undefined)),
  state: wordColumn(COMPLIANCE_STATES),
  text: optionalText,
  flag: optionalFlag,
};

const DEVICE_COLUMNS = Object.fromEntries(
  DEVICE_FIELD_NAMES.map((field) => [field, COLUMN_OF[DEVICE_FIELDS[field].kind]]),
) as unknown as Columns<Device>;

/** What describes the record rather than the device. */
const RECORD_COLUMNS: Columns<Omit<StoredDevice, 'device' | 'etag'>> = {
  presence: wordColumn(['present', 'gone']),
  version: count,
  observedAt: text,
  indexed: flagColumn,
  confirmedUntil: clearableText,
  unswept: trueOrAbsent,
  retiredIdentities: clearableList<Pointer>(),
  hardwareAt: clearableText,
  held: clearableJson<HeldObservation>(),
  reauthenticationAskedAt: optionalText,
};

/** What is merged into a record's row once all its pointers are in place. */
export const INDEXED_COLUMNS = { indexed: true, retiredIdentities: '' } satisfies Partial<
  Record<keyof typeof RECORD_COLUMNS, unknown>
>;

export type DeviceEntity = { partitionKey: string; rowKey: string } & Record<string, unknown>;

export function toDeviceEntity({
  record,
  retiredIdentities,
}: Pick<DeviceWrite, 'record' | 'retiredIdentities'>): DeviceEntity {
  return {
    ...deviceRow(record.device),
    ...toColumns(DEVICE_COLUMNS, record.device),
    ...toColumns(RECORD_COLUMNS, { ...record, retiredIdentities }),
  };
}

/** @throws StoreError NAC_STORE_ROW when the row was not written by this product */
export function fromDeviceEntity(entity: TableEntityResult<Record<string, unknown>>): StoredDevice {
  try {
    const device = fromColumns(DEVICE_COLUMNS, entity);
    return { device, ...fromColumns(RECORD_COLUMNS, entity), etag: entity.etag };
  } catch (thrown) {
    if (!(thrown instanceof DamagedColumn)) throw thrown;
    throw new StoreError('NAC_STORE_ROW', `Row ${entity.rowKey} of table devices is not a device record.`, {
      action: 'Delete the row; within twelve sweeps the device is written again.',
    });
  }
}
