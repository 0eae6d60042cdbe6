// Reads an answer of Intune's Compliance Retrieval service: of Cisco's MDM dialect it knows keys and verdicts alone.

import { isDeviceId } from '../../domain/device/device.ts';
import { canIdentifyDevice, isLocallyAdministered, parseMacAddress } from '../../domain/mac-address.ts';
import { ANSWER_ELEMENTS, ANSWER_NAMES, ATTRIBUTES } from '../../domain/mdm-dialect.ts';
import type { RetrievedDevice } from '../../ports/compliance-retrieval.ts';
import type { RecordProblem } from '../../ports/compliance-source.ts';
import { type Fields, readDialect, VERDICT } from './read-dialect.ts';
import { readField, readFlag } from './read-field.ts';

export interface ComplianceAnswer {
  readonly devices: readonly ListedDevice[];
  readonly problems: readonly RecordProblem[];
  /** What to pass as `paging` for the next page; absent on the last one. */
  readonly nextPage?: string;
}

export interface ListedDevice extends RetrievedDevice {
  /** `register_status`; absent when the answer does not say. */
  readonly registered?: boolean;
}

/** @throws SourceError NAC_SOURCE_PAGE when it is no such answer, or not all of it */
export function readComplianceXml(xml: string): ComplianceAnswer {
  const devices: ListedDevice[] = [];
  const problems: RecordProblem[] = [];
  const answer = readDialect(xml, {
    service: 'The Compliance Retrieval service',
    answerName: ANSWER_NAMES.devices,
    onDevice(fields) {
      const device = readDevice(fields, problems);
      if (device !== undefined) devices.push(device);
    },
  });
  const nextPage = nextPageOf(answer);
  return { devices, problems, ...(nextPage !== undefined && { nextPage }) };
}

/** Of several places to go on, the last one counts: where it leads in a circle, that is noticed. */
export function nextPageOf(answer: Fields): string | undefined {
  const place = [...(answer.get(ANSWER_ELEMENTS.pagingInfo) ?? [])].at(-1) ?? '0';
  return /^0+$/.test(place) ? undefined : place;
}

function readDevice(fields: Fields, problems: RecordProblem[]): ListedDevice | undefined {
  /** `null` when it makes no sense or contradicts itself: no such record counts. */
  const read = <T>(field: string, reader: (text: string) => T | undefined): T | undefined | null => {
    const { value, problem } = readField(fields, field, reader);
    if (problem === undefined) return value;
    problems.push({ field, problem });
    return null;
  };
  const id = read(ATTRIBUTES.guid, deviceId);
  const mac = read(ANSWER_ELEMENTS.macAddress, parseMacAddress);
  const registered = read(ATTRIBUTES.registered, readFlag);
  const compliant = read(VERDICT, readFlag);
  // A device is recognised without its address; it cannot be judged without the rest.
  if (id === null || registered === null || compliant === null) return undefined;
  const real = mac && (canIdentifyDevice(mac) || isLocallyAdministered(mac)) ? mac : undefined;
  if (!id && !real) {
    problems.push({ field: ATTRIBUTES.guid, problem: 'is missing, and so is macaddress' });
    return undefined;
  }
  return {
    ...(id && { id }),
    ...(real && { mac: real }),
    ...(registered !== undefined && { registered }),
    ...(compliant !== undefined && { compliant }),
  };
}

function deviceId(text: string): string | undefined {
  const id = text.toLowerCase();
  return isDeviceId(id) ? id : undefined;
}
