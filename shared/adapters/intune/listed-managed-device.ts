// One managedDevice of a page, which is read only if it may say something new.

import { parseComplianceState } from '../../domain/compliance-state.ts';
import type { DeviceKey } from '../../domain/device.ts';
import type { ListedRecord, RecordReading } from '../../ports/compliance-source.ts';
import { managedDeviceId, readManagedDevice } from './managed-device.ts';
import { managedDeviceFingerprint } from './managed-device-fingerprint.ts';

export class ListedManagedDevice implements ListedRecord {
  readonly key: DeviceKey | undefined;
  readonly #source: string;
  readonly #record: unknown;

  constructor(source: string, record: unknown) {
    this.#source = source;
    this.#record = record;
    const id = managedDeviceId(fieldsOf(record)['id']);
    this.key = id === undefined ? undefined : { source, id };
  }

  get fingerprint(): string {
    return managedDeviceFingerprint(fieldsOf(this.#record));
  }

  get inGracePeriod(): boolean {
    const { complianceState } = fieldsOf(this.#record);
    return typeof complianceState === 'string' && parseComplianceState(complianceState) === 'inGracePeriod';
  }

  read(): RecordReading {
    return readManagedDevice(this.#source, this.#record);
  }
}

function fieldsOf(record: unknown): Readonly<Record<string, unknown>> {
  return typeof record === 'object' && record !== null ? (record as Record<string, unknown>) : {};
}
