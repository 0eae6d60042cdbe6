// How Cisco's MDM dialect asks: the address of each question, in the form of each version.

import {
  CRITERION_SINCE,
  type Criterion,
  type DialectVersion,
  EVERY_ATTRIBUTE,
  LONGEST_GUID,
  MDMINFO_PATH,
  QUERY_PARAMETERS,
  RESOURCES,
  VERSION_PARAMETER,
} from '../../domain/mdm-dialect.ts';
import type { MdmInformation } from './read-information.ts';

export type Question =
  /** By a key of one device. */
  | { readonly kind: 'device'; readonly criterion: DeviceCriterion; readonly value: string }
  | { readonly kind: 'by-verdict'; readonly compliant: boolean }
  | { readonly kind: 'every-device' };

export type DeviceCriterion = Extract<Criterion, 'guid' | 'macaddress' | 'udid' | 'imei' | 'meid'>;

/** @param version the newest one to ask for; `undefined` asks as version 1 did */
export function informationUrl(address: string, version?: DialectVersion): string {
  const entry = `${address}${MDMINFO_PATH}`;
  return version === undefined ? entry : `${entry}/?${VERSION_PARAMETER}=${version}`;
}

/** Whether this version knows the key, and the dialect has room for the value. */
export function canBeAsked(version: DialectVersion, criterion: DeviceCriterion, value: string): boolean {
  return CRITERION_SINCE[criterion] <= version && value !== '' && Buffer.byteLength(value) <= LONGEST_GUID;
}

/** @param paging `0` for the first page, then what the answer before gave */
export function devicesUrl(information: MdmInformation, question: Question, paging: string): string {
  return information.version === 1
    ? byPath(information.devicesRoot, question, paging)
    : byQuery(information, question, paging);
}

/** `/devices/0/macaddress/000000000000/all` */
function byPath(root: string, question: Question, paging: string): string {
  const steps = [RESOURCES.devices, paging, ...criterionOf(question), EVERY_ATTRIBUTE];
  return `${root}/${steps.map(encodeURIComponent).join('/')}`;
}

/** In the order in which Cisco writes the parameters, and with ISE's slash before them. */
function byQuery({ version, devicesRoot }: MdmInformation, question: Question, paging: string): string {
  const [criterion, value] = criterionOf(question);
  const parameters: [string, string | undefined][] = [
    [QUERY_PARAMETERS.paging, paging],
    [QUERY_PARAMETERS.criterion, criterion],
    [QUERY_PARAMETERS.value, value],
    [QUERY_PARAMETERS.deviceIdentifier, question.kind === 'by-verdict' && version >= 3 ? 'guid' : undefined],
    [QUERY_PARAMETERS.filter, EVERY_ATTRIBUTE],
  ];
  const query = parameters.flatMap(([name, text]) => (text === undefined ? [] : `${name}=${encodeURIComponent(text)}`));
  return `${devicesRoot}/${RESOURCES.devices}/?${query.join('&')}`;
}

function criterionOf(question: Question): readonly [] | readonly [criterion: Criterion, value: string] {
  if (question.kind === 'every-device') return [];
  if (question.kind === 'by-verdict') return ['compliance', String(question.compliant)];
  // Twelve digits in upper case, without separators, as ISE writes an address.
  const isAddress = question.criterion === 'macaddress';
  return [question.criterion, isAddress ? question.value.toUpperCase() : question.value];
}
