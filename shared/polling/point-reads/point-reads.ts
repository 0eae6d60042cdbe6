// Asking a source about single devices, by whichever ability it has.

import { idOfAddress } from '../../domain/device/address-record.ts';
import type { ComplianceState } from '../../domain/device/compliance-state.ts';
import type { Device } from '../../domain/device/device.ts';
import type { Instant } from '../../domain/instant.ts';
import type { MacAddress } from '../../domain/mac-address.ts';
import { SourceError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RetrievedCompliance, Verdicts } from '../../ports/compliance-retrieval.ts';
import type { DeviceReading, DeviceReads } from '../../ports/device-reader.ts';
import type { MdmSource } from '../../ports/mdm-source.ts';
import { TokenBucket } from '../../token-bucket.ts';

/**
 * A device to be asked about: by the source's id where a certificate or an earlier answer had it, else by MAC address.
 */
export type PointTarget =
  | { readonly id: string; readonly mac?: undefined }
  | { readonly id?: undefined; readonly mac: MacAddress };

export type PointReading = { readonly target: PointTarget; readonly requestedAt: Instant } & (
  | {
      readonly kind: 'found';
      readonly id: string;
      /** The device as it is now, given its stored record: the poorer API knows its compliance and little else. */
      device(stored: Device | undefined): Device;
    }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly error: SourceError }
);

export interface PointReads {
  /** Whether the API finds devices by MAC address. */
  readonly byMac: boolean;
  read(targets: readonly PointTarget[]): Promise<readonly PointReading[]>;
}

/**
 * Whole devices where the source has them, else verdicts; nothing where it has neither. Without a list nothing else
 * says whose an address is, so addresses are asked about as well.
 */
export function pointReadsOf(
  { name, list, devices, verdicts }: Pick<MdmSource, 'name' | 'list' | 'devices' | 'verdicts'>,
  clock: Clock,
  wait: (milliseconds: number) => Promise<void>,
): PointReads | undefined {
  const ofVerdicts = verdicts && pointReadsOfVerdicts(verdicts, name, clock, wait);
  if (devices === undefined) return ofVerdicts;
  const ofDevices = pointReadsOfDevices(devices);
  return list === undefined && ofVerdicts !== undefined ? pointReadsOfBoth(ofDevices, ofVerdicts) : ofDevices;
}

function pointReadsOfBoth(ofDevices: PointReads, ofVerdicts: PointReads): PointReads {
  return {
    byMac: true,
    async read(targets) {
      const byId = await ofDevices.read(targets.filter(({ id }) => id !== undefined));
      return [...byId, ...(await ofVerdicts.read(targets.filter(({ mac }) => mac !== undefined)))];
    },
  };
}

/** Everything about a device, by its id alone. */
function pointReadsOfDevices(reader: DeviceReads): PointReads {
  return {
    byMac: false,
    async read(targets) {
      const readings = await reader.readDevices(targets.flatMap(({ id }) => id ?? []));
      return readings.map(ofDevice);
    },
  };
}

/** A read of a whole device. */
export function ofDevice(reading: DeviceReading): PointReading {
  const { id, requestedAt } = reading;
  if (reading.kind === 'found') return seenDevice(reading.device, requestedAt);
  const known = { target: { id }, requestedAt };
  return reading.kind === 'failed' ? { ...known, kind: 'failed', error: reading.error } : { ...known, kind: 'absent' };
}

/** A whole device, by whichever request it was shown. */
export function seenDevice(device: Device, requestedAt: Instant): PointReading {
  const { id } = device;
  return { target: { id }, requestedAt, kind: 'found', id, device: () => device };
}

/** Managed or not, compliant or not; by id or by address. */
export function pointReadsOfVerdicts(
  verdicts: Verdicts,
  source: string,
  clock: Clock,
  wait: (milliseconds: number) => Promise<void>,
): PointReads {
  const { atOnce } = verdicts;
  const pace = new TokenBucket(verdicts.pace);
  const ask = async (target: PointTarget): Promise<PointReading> => {
    const waitMs = pace.reserve(1, clock.now().getTime());
    if (waitMs > 0) await wait(waitMs);
    const requestedAt = clock.now().toISOString();
    try {
      const answer =
        target.id === undefined ? await verdicts.readByMac(target.mac) : await verdicts.readByDeviceId(target.id);
      return readingOf(target, answer, source);
    } catch (thrown) {
      if (thrown instanceof SourceError) return { target, requestedAt, kind: 'failed', error: thrown };
      throw thrown;
    }
  };
  return {
    byMac: true,
    async read(targets) {
      const readings: PointReading[] = [];
      for (let start = 0; start < targets.length; start += atOnce) {
        const answered = await Promise.all(targets.slice(start, start + atOnce).map(ask));
        readings.push(...answered);
        const refused = answered.find((reading) => reading.kind === 'failed' && !isOfOneDevice(reading.error));
        // No more questions after a refusal: what is left would fail for the same reason.
        if (refused?.kind === 'failed') {
          const { requestedAt, error } = refused;
          const left = targets.slice(start + atOnce);
          return [...readings, ...left.map((target): PointReading => ({ target, requestedAt, kind: 'failed', error }))];
        }
      }
      return readings;
    },
  };
}

/** An answer that cannot be used is about that device; anything else is about the service. */
export function isOfOneDevice({ code }: SourceError): boolean {
  return code === 'NAC_SOURCE_RECORD';
}

function readingOf(target: PointTarget, { requestedAt, device }: RetrievedCompliance, source: string): PointReading {
  if (device === undefined) return { target, requestedAt, kind: 'absent' };
  const id = target.id ?? device.id ?? idOfAddress(target.mac);
  const complianceState = stateOf(device.compliant);
  const mac = target.mac ?? device.mac;
  return {
    target,
    requestedAt,
    kind: 'found',
    id,
    device: (stored) => withAddress({ ...(stored ?? { source, id }), complianceState }, mac),
  };
}

/** The service may answer about an address without the device's id. */
export { idOfAddress } from '../../domain/device/address-record.ts';

export function stateOf(compliant: boolean | undefined): ComplianceState {
  if (compliant === undefined) return 'unknown';
  return compliant ? 'compliant' : 'noncompliant';
}

/** Which of a device's addresses it is the service does not say; a record has two at most. */
export function withAddress(device: Device, mac: MacAddress | undefined): Device {
  if (mac === undefined || mac === device.wifiMac || mac === device.ethernetMac) return device;
  return device.wifiMac === undefined ? { ...device, wifiMac: mac } : { ...device, ethernetMac: mac };
}
