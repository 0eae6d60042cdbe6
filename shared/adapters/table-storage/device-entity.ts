// A device record as a row, and back. Attributes are columns of their own, so that operators can read and filter them.

import type { TableEntityResult } from '@azure/data-tables';
import { COMPLIANCE_STATES, type ComplianceState } from '../../domain/device/compliance-state.ts';
import { type Device, type DeviceRecord, type HeldObservation, isDeviceId } from '../../domain/device/device.ts';
import type { Identity } from '../../domain/identity/identity.ts';
import { StoreError } from '../../errors.ts';
import type { DeviceWrite, StoredDevice } from '../../ports/device-store.ts';
import { deviceRow } from './row-keys.ts';

/** Columns that describe the record rather than the device. */
interface RecordColumns {
  readonly presence: string;
  readonly version: number;
  readonly observedAt: string;
  readonly indexed: boolean;
  /** Empty while the content is not in doubt. */
  readonly confirmedUntil: string;
  readonly unswept: boolean;
  /** JSON; empty when there are none. */
  readonly retiredIdentities: string;
  /** Empty when Ethernet MAC and UDID are to be fetched. */
  readonly hardwareAt: string;
  /** JSON; empty when nothing is held. */
  readonly held: string;
}

/** The rest are read one by one. */
type TextColumn = Exclude<keyof Device, 'source' | 'id' | 'complianceState' | 'isEncrypted'>;

const TEXT_COLUMNS = Object.keys({
  name: true,
  entraDeviceId: true,
  wifiMac: true,
  ethernetMac: true,
  serialNumber: true,
  imei: true,
  meid: true,
  udid: true,
  userPrincipalName: true,
  operatingSystem: true,
  osVersion: true,
  ownership: true,
  model: true,
  category: true,
  managementState: true,
  managementAgent: true,
  registrationState: true,
  jailBroken: true,
  graceExpiresAt: true,
  enrolledAt: true,
  lastSyncAt: true,
} satisfies Record<TextColumn, true>) as readonly TextColumn[];

/** What is merged into a record's row once all its pointers are in place. */
export const INDEXED_COLUMNS: Pick<RecordColumns, 'indexed' | 'retiredIdentities'> = {
  indexed: true,
  retiredIdentities: '',
};

export type DeviceEntity = { partitionKey: string; rowKey: string } & Record<string, unknown>;

export function toDeviceEntity({
  record,
  retiredIdentities,
}: Pick<DeviceWrite, 'record' | 'retiredIdentities'>): DeviceEntity {
  const columns: RecordColumns = {
    presence: record.presence,
    version: record.version,
    observedAt: record.observedAt,
    indexed: record.indexed,
    confirmedUntil: record.confirmedUntil ?? '',
    unswept: record.unswept === true,
    retiredIdentities: retiredIdentities.length > 0 ? JSON.stringify(retiredIdentities) : '',
    hardwareAt: record.hardwareAt ?? '',
    held: record.held ? JSON.stringify(record.held) : '',
  };
  const { reauthenticationAskedAt } = record;
  return {
    ...deviceRow(record.device),
    ...record.device,
    ...columns,
    ...(reauthenticationAskedAt !== undefined && { reauthenticationAskedAt }),
  };
}

/** @throws StoreError NAC_STORE_ROW when the row was not written by this product */
export function fromDeviceEntity(entity: TableEntityResult<Record<string, unknown>>): StoredDevice {
  return { ...recordOf(entity), retiredIdentities: retiredOf(entity), etag: entity.etag };
}

function recordOf(entity: TableEntityResult<Record<string, unknown>>): DeviceRecord {
  const {
    source,
    id,
    complianceState,
    presence,
    version,
    observedAt,
    indexed,
    confirmedUntil,
    isEncrypted,
    hardwareAt,
    reauthenticationAskedAt: askedAt,
  } = entity;
  const known =
    typeof source === 'string' &&
    typeof id === 'string' &&
    isDeviceId(id) &&
    typeof version === 'number' &&
    typeof observedAt === 'string' &&
    (presence === 'present' || presence === 'gone') &&
    COMPLIANCE_STATES.includes(complianceState as ComplianceState);
  if (!known) {
    throw noRecord(entity.rowKey);
  }
  const device = {
    source,
    id,
    complianceState: complianceState as ComplianceState,
    ...textsOf(entity),
    ...(typeof isEncrypted === 'boolean' && { isEncrypted }),
  };
  return {
    device,
    presence,
    version,
    observedAt,
    indexed: indexed === true,
    ...(typeof confirmedUntil === 'string' && confirmedUntil !== '' && { confirmedUntil }),
    ...(entity['unswept'] === true && { unswept: true as const }),
    ...(typeof hardwareAt === 'string' && hardwareAt !== '' && { hardwareAt }),
    ...heldOf(entity),
    ...(typeof askedAt === 'string' && { reauthenticationAskedAt: askedAt }),
  };
}

function textsOf(entity: TableEntityResult<Record<string, unknown>>): Pick<Device, TextColumn> {
  const texts: Record<string, string> = {};
  for (const column of TEXT_COLUMNS) {
    const value = entity[column];
    if (typeof value === 'string') texts[column] = value;
  }
  return texts;
}

function retiredOf(entity: TableEntityResult<Record<string, unknown>>): Identity[] {
  const json = entity['retiredIdentities'];
  return typeof json === 'string' && json !== '' ? parsed(entity, json) : [];
}

function heldOf(entity: TableEntityResult<Record<string, unknown>>): { held?: HeldObservation } {
  const { held } = entity;
  return typeof held === 'string' && held !== '' ? { held: parsed(entity, held) } : {};
}

function parsed<T>({ rowKey }: TableEntityResult<Record<string, unknown>>, json: string): T {
  try {
    return JSON.parse(json) as T;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw noRecord(rowKey);
    throw thrown;
  }
}

function noRecord(rowKey: string | undefined): StoreError {
  return new StoreError('NAC_STORE_ROW', `Row ${rowKey} of table devices is not a device record.`, {
    action: 'Delete the row; within twelve sweeps the device is written again.',
  });
}
